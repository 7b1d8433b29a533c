package org.sgquant.quant;

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
 * @param payloadBytes bits of the payload set / 8
 * @param storedBytes bytes allocated for packed cells: padded codes, scales, offsets, bucket tables
 * @param cellBytes the same plus 4 bytes per value of cells left at fp32: what a search makes small
 * @param innerStoredBytes the same without the features, plus 4 bytes per value of inner cells left at fp32
 * @param totalBytes stored + cells left at fp32 + fp32 parameters + CSR + norm
 * @param savingPayload fp32Bytes / payloadBytes
 * @param savingStored fp32Bytes / (storedBytes + payload cells left at fp32)
 */
public record MemoryReport(
        double averageBits,
        double bitsAll,
        double bitsInner,
        long fp32Bytes,
        long payloadBytes,
        long storedBytes,
        long cellBytes,
        long innerStoredBytes,
        long totalBytes,
        double savingPayload,
        double savingStored) {

    /** Counts {@code shapes} under {@code cells}; {@code otherBytes} are CSR, norm and fp32 parameters without a cell. */
    public static MemoryReport of(List<CellShape> shapes, QuantizedCells cells, long otherBytes) {
        Count payload = new Count();
        Count all = new Count();
        Count inner = new Count();
        for (CellShape shape : shapes) {
            long bits = cells.payloadBits(shape);
            long stored = cells.storedBytes(shape.cell());
            long fp32 = cells.bits().isFp32(shape.cell()) ? 4 * shape.values() : 0;
            all.add(shape.values(), bits, stored, fp32);
            if (!QuantConfig.isFeatures(shape.cell())) {
                inner.add(shape.values(), bits, stored, fp32);
            }
            Component component = shape.cell().component();
            if (component == Component.EMBEDDING || component == Component.ATTENTION) {
                payload.add(shape.values(), bits, stored, fp32);
            }
        }
        long fp32Bytes = 4 * payload.values;
        long payloadBytes = Math.ceilDiv(payload.bits, 8L);
        return new MemoryReport(
                payload.average(),
                all.average(),
                inner.average(),
                fp32Bytes,
                payloadBytes,
                all.stored,
                all.stored + all.fp32,
                inner.stored + inner.fp32,
                all.stored + all.fp32 + otherBytes,
                (double) fp32Bytes / payloadBytes,
                (double) fp32Bytes / (all.stored + payload.fp32));
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
