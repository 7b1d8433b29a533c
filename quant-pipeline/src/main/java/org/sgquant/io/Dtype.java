package org.sgquant.io;

/** Element types of safetensors that the project reads and writes, by their names in the file. */
public enum Dtype {
    U8(1),
    F32(4),
    I32(4),
    I64(8);

    private final int bytes;

    Dtype(int bytes) {
        this.bytes = bytes;
    }

    /** Bytes of one element. */
    public int bytes() {
        return bytes;
    }
}
