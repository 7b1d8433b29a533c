package org.sgquant.cuda;

/** The project's kernels, of which these tests launch {@code fill_f32(out, value, n)}: out[i] = value. */
final class Kernels {

    static final String FILL = "fill_f32";
    static final int BLOCK = 256;

    private Kernels() {}

    static CudaModule load(CudaDevice device) {
        return device.load(KernelResources.read("sgquant.fatbin"), KernelResources.readCompressed("sgquant.ptx.gz"));
    }
}
