package org.sgquant.data;

/** Element types of an npy array that are read, all little-endian; named as in its header without the byte order. */
enum NpyType {
    F2("f2", 2),
    F4("f4", 4),
    F8("f8", 8),
    I1("i1", 1),
    U1("u1", 1),
    I4("i4", 4),
    I8("i8", 8),
    B1("b1", 1),
    /** Byte string of fixed length, as SciPy stores the name of a sparse format; its header name carries the length. */
    TEXT("S", 0);

    private static final String ACCEPTED = "one of f2 f4 f8 i1 u1 i4 i8 b1, little-endian";

    private final String code;
    private final int bytes;

    NpyType(String code, int bytes) {
        this.code = code;
        this.bytes = bytes;
    }

    /** A type and its bytes per element. */
    record Sized(NpyType type, int bytes) {}

    /** Type named by {@code descr}, as {@code "<f4"} or {@code "|S3"}. */
    static Sized parse(String descr, String file, String place) {
        boolean ordered = !descr.isEmpty() && "<|=".indexOf(descr.charAt(0)) >= 0;
        String name = ordered ? descr.substring(1) : descr;
        if (name.matches("S[0-9]{1,4}")) {
            return new Sized(TEXT, Integer.parseInt(name.substring(1)));
        }
        for (NpyType type : values()) {
            boolean needsOrder = type.bytes > 1 && descr.startsWith("|");
            if (type != TEXT && type.code.equals(name) && !needsOrder) {
                return new Sized(type, type.bytes);
            }
        }
        String got = name.startsWith("O") ? "pickled Python objects (" + descr + ")" : "type '" + descr + "'";
        throw new FormatException(file, place, got, ACCEPTED);
    }

    boolean isInteger() {
        return this == I1 || this == U1 || this == I4 || this == I8;
    }

    boolean isFloat() {
        return this == F2 || this == F4 || this == F8;
    }
}
