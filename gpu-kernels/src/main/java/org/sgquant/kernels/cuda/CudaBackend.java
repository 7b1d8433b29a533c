package org.sgquant.kernels.cuda;

import java.lang.foreign.MemorySegment;
import org.sgquant.cuda.CudaDevice;
import org.sgquant.cuda.CudaStream;
import org.sgquant.kernels.Aggregation;
import org.sgquant.kernels.AttentionOps;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.DenseOps;
import org.sgquant.kernels.ElementwiseOps;
import org.sgquant.kernels.LearnedQuantOps;
import org.sgquant.kernels.LossOps;
import org.sgquant.kernels.MultibitOps;
import org.sgquant.kernels.NormOps;
import org.sgquant.kernels.PackedAttentionOps;
import org.sgquant.kernels.PackedOps;
import org.sgquant.kernels.PowerOps;
import org.sgquant.kernels.Replay;
import org.sgquant.kernels.SparseOps;
import org.sgquant.kernels.SparsePackedOps;
import org.sgquant.kernels.TrainingLibraries;
import org.sgquant.tensor.Memory;

/**
 * Kernels of {@code kernels.list} on one CUDA device, queued on a stream of this backend's own.
 *
 * <p>Operands stay on the device; only {@link #upload} and {@link #download} copy. What a kernel finds wrong is thrown
 * by the next {@link #download} or {@link #finish}.
 */
public final class CudaBackend implements Backend {

    private final CudaDevice device;
    private final Launcher launcher;
    private final DenseOps dense;
    private final SparseOps sparse;
    private final Aggregation aggregation;
    private final PackedOps packed;
    private final PackedAttentionOps packedAttention;
    private final SparsePackedOps sparsePacked;
    private final ElementwiseOps elementwise;
    private final AttentionOps attention;
    private final NormOps norm;
    private final LearnedQuantOps learnedQuant;
    private final LossOps losses;
    private final PowerOps powers;
    private final MultibitOps multibit;

    private final TrainingLibraries libraries;

    private CudaBackend(CudaDevice device, TrainingLibraries libraries) {
        this.device = device;
        this.libraries = libraries;
        this.launcher = new Launcher(device);
        this.sparse = new CudaSparseOps(launcher);
        this.packed = new CudaPackedOps(launcher);
        this.packedAttention = new CudaPackedAttentionOps(launcher);
        this.sparsePacked = new CudaSparsePackedOps(launcher);
        this.elementwise = new CudaElementwiseOps(launcher);
        this.attention = new CudaAttentionOps(launcher);
        this.dense = CudaLibraryOps.dense(launcher, libraries);
        this.aggregation = CudaLibraryOps.aggregation(launcher, libraries, Aggregation.own(sparse, attention));
        this.norm = new CudaNormOps(launcher);
        this.learnedQuant = new CudaLearnedQuantOps(launcher);
        this.losses = new CudaLossOps(launcher);
        this.powers = new CudaPowerOps(launcher);
        this.multibit = new CudaMultibitOps(launcher);
    }

    /**
     * A backend on device {@code ordinal}.
     *
     * @throws org.sgquant.cuda.CudaUnavailableException with the reason where it cannot be used
     */
    public static CudaBackend open(int ordinal) {
        return open(ordinal, TrainingLibraries.NONE);
    }

    /**
     * A backend on device {@code ordinal} that trains with {@code libraries}, those of CUDA.
     *
     * @throws org.sgquant.cuda.CudaUnavailableException with the reason where device or library cannot be used
     */
    public static CudaBackend open(int ordinal, TrainingLibraries libraries) {
        CudaDevice device = CudaDevice.open(ordinal);
        try {
            return new CudaBackend(device, libraries);
        } catch (RuntimeException e) {
            closeAfter(e, device);
            throw e;
        }
    }

    /** Closes a device on which the backend could not be built; what was opened there is closed with it. */
    private static void closeAfter(RuntimeException failure, CudaDevice device) {
        try {
            device.close();
        } catch (RuntimeException leftOpen) {
            failure.addSuppressed(leftOpen);
        }
    }

    /** What this backend runs on, for events that time it. */
    public CudaDevice device() {
        return device;
    }

    /** Where every kernel of this backend is queued. */
    public CudaStream stream() {
        return launcher.stream();
    }

    @Override
    public String name() {
        return "cuda";
    }

    @Override
    public String description() {
        return "cuda (" + device.name() + ", sm_" + device.computeCapability() + ", " + device.multiprocessors()
                + " multiprocessors" + CudaLibraryOps.describe(libraries) + ")";
    }

    @Override
    public Memory newMemory(String purpose) {
        return new CudaMemory(launcher, purpose);
    }

    @Override
    public void upload(MemorySegment host, MemorySegment target, long bytes) {
        launcher.stream().copyToDevice(host, target, bytes);
    }

    @Override
    public void download(MemorySegment source, MemorySegment host, long bytes) {
        launcher.errors().check();
        launcher.stream().copyToHost(source, host, bytes);
    }

    @Override
    public void finish() {
        launcher.errors().check();
    }

    @Override
    public Replay replayable(Runnable calls) {
        return new RecordedCalls(launcher.stream(), calls);
    }

    @Override
    public DenseOps dense() {
        return dense;
    }

    @Override
    public SparseOps sparse() {
        return sparse;
    }

    @Override
    public Aggregation aggregation() {
        return aggregation;
    }

    @Override
    public PackedOps packed() {
        return packed;
    }

    @Override
    public PackedAttentionOps packedAttention() {
        return packedAttention;
    }

    @Override
    public SparsePackedOps sparsePacked() {
        return sparsePacked;
    }

    @Override
    public ElementwiseOps elementwise() {
        return elementwise;
    }

    @Override
    public AttentionOps attention() {
        return attention;
    }

    @Override
    public NormOps norm() {
        return norm;
    }

    @Override
    public LearnedQuantOps learnedQuant() {
        return learnedQuant;
    }

    @Override
    public LossOps losses() {
        return losses;
    }

    @Override
    public PowerOps powers() {
        return powers;
    }

    @Override
    public MultibitOps multibit() {
        return multibit;
    }

    @Override
    public void close() {
        try (device) {
            launcher.close();
        }
    }
}
