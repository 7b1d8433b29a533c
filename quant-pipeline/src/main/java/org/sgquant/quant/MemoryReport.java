package org.sgquant.quant;

import java.util.ArrayList;
import java.util.List;

/**
 * Bits and bytes of a quantized model, each under its own name.
 *
 * <p><i>payload set</i>: embedding and attention cells, SGQuant's count; <i>all set</i>: every cell that
 * exists, 32-bit ones included (an aggregate-first layer has no message); <i>inner set</i>: all but the input features. Averages are bits per value over a set.
 *
 * @param averageBits over the payload set
 * @param bitsAll over the all set
 * @param bitsInner over the inner set
 * @param fp32Bytes 4 bytes times the values of the payload set
 * @param fp32CsrBytes the same with features as fp32 CSR (values, int32 columns and row pointers) where that is less
 * @param payloadBytes bits of the payload set / 8: values times width, whatever form they are stored in
 * @param storedBytes bytes allocated for packed cells: padded codes or what the sparse form takes, scales, offsets, tables
 * @param cellBytes the same plus 4 bytes per value of cells left at fp32: what a search makes small
 * @param innerStoredBytes the same without the features, plus 4 bytes per value of inner cells left at fp32
 * @param totalBytes every tensor that packed inference reads: stored + cells left at fp32 + fp32 parameters + CSR of the
 *     graph (and of pooling) + its norm or inverse counts
 * @param savingPayload fp32Bytes / payloadBytes
 * @param savingStored fp32Bytes / (storedBytes + payload cells left at fp32)
 * @param savingStoredCsr fp32CsrBytes / (storedBytes + payload cells left at fp32)
 * @param savingAll bytes of the same tensors at fp32, features as CSR where that is less, / totalBytes: like with like
 * @param cells form and bytes of every cell
 */
public record MemoryReport(
        double averageBits,
        double bitsAll,
        double bitsInner,
        long fp32Bytes,
        long fp32CsrBytes,
        long payloadBytes,
        long storedBytes,
        long cellBytes,
        long innerStoredBytes,
        long totalBytes,
        double savingPayload,
        double savingStored,
        double savingStoredCsr,
        double savingAll,
        List<CellBytes> cells) {

    /** A cell as it is stored: {@code form} is fp32, dense or sparse. */
    public record CellBytes(String cell, String form, long payloadBytes, long storedBytes) {}

    /**
     * Counts {@code shapes} under {@code cells}; {@code otherBytes} are fp32 parameters without a cell and what inference reads of the graph,
     * {@code featureNonZeros} the values of X that are not 0.
     */
    public static MemoryReport of(List<CellShape> shapes, CellSizes cells, long otherBytes, long featureNonZeros) {
        List<CellBytes> list = new ArrayList<>();
        long csrLess = 0;
        Count payload = new Count();
        Count all = new Count();
        Count inner = new Count();
        for (CellShape shape : shapes) {
            long bits = cells.payloadBits(shape);
            long stored = cells.storedBytes(shape);
            long fp32 = cells.bits().isFp32(shape.cell()) ? 4 * shape.values() : 0;
            all.add(shape.values(), bits, stored, fp32);
            list.add(new CellBytes(
                    shape.cell().toString(), cells.form(shape.cell()), Math.ceilDiv(bits, 8L), stored + fp32));
            if (QuantConfig.isFeatures(shape.cell())) {
                long csr = 8 * featureNonZeros + 4L * (shape.rows() + 1);
                csrLess = Math.max(0, 4 * shape.values() - csr);
            } else {
                inner.add(shape.values(), bits, stored, fp32);
            }
            Component component = shape.cell().component();
            if (component == Component.EMBEDDING || component == Component.ATTENTION) {
                payload.add(shape.values(), bits, stored, fp32);
            }
        }
        long fp32Bytes = 4 * payload.values;
        long payloadBytes = Math.ceilDiv(payload.bits, 8L);
        long total = all.stored + all.fp32 + otherBytes;
        return new MemoryReport(
                payload.average(),
                all.average(),
                inner.average(),
                fp32Bytes,
                fp32Bytes - csrLess,
                payloadBytes,
                all.stored,
                all.stored + all.fp32,
                inner.stored + inner.fp32,
                total,
                (double) fp32Bytes / payloadBytes,
                (double) fp32Bytes / (all.stored + payload.fp32),
                (double) (fp32Bytes - csrLess) / (all.stored + payload.fp32),
                (double) (4 * all.values - csrLess + otherBytes) / total,
                List.copyOf(list));
    }

    private static final class Count {
        long values;
        long bits;
        long stored;
        long fp32;

        void add(long moreValues, long moreBits, long moreStored, long moreFp32) {
            values += moreValues;
            bits += moreBits;
            stored += moreStored;
            fp32 += moreFp32;
        }

        double average() {
            return (double) bits / values;
        }
    }
}
