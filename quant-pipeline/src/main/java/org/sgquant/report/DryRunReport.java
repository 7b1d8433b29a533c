package org.sgquant.report;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import java.util.Locale;
import org.sgquant.quant.MemoryReport;

/**
 * What {@code quantize --dry-run} prints: every tensor and the sizes that the packed model will have, by the names of
 * {@link MemoryReport}.
 *
 * @param graphBytes of the CSR graph with its norm or inverse counts, part of the total
 * @param parameterBytes of fp32 parameters without a cell, part of the total
 * @param peakBytes what packed inference allocates; null where the features are too many to be packed for it
 * @param bound why the bytes of the features are only a bound from above; null where all bytes are exact
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record DryRunReport(
        String dataset,
        String model,
        String bits,
        List<Tensor> tensors,
        MemoryReport memory,
        long graphBytes,
        long parameterBytes,
        Long peakBytes,
        String bound) {

    /** A cell, or a degree bucket of it; {@code fp32Bytes} are 4 a value, {@code form} is fp32, dense or sparse. */
    public record Tensor(
            String name, long rows, long cols, String bits, String form, long fp32Bytes, long storedBytes) {}

    /** Numbered lines, one per tensor, then the sums. */
    public String text() {
        StringBuilder out = new StringBuilder(dataset + ", " + model + ", dry run: nothing is trained or packed\n");
        int nameWidth = width(tensors.stream().map(Tensor::name).toList());
        int shapeWidth = width(tensors.stream().map(DryRunReport::shape).toList());
        int digits = String.valueOf(tensors.size()).length();
        for (int i = 0; i < tensors.size(); i++) {
            Tensor t = tensors.get(i);
            line(
                    out,
                    "[%" + digits + "d/%d] %-" + nameWidth + "s  %" + shapeWidth + "s  q=%-2s  %10s -> %10s%s",
                    i + 1,
                    tensors.size(),
                    t.name(),
                    shape(t),
                    t.bits(),
                    size(t.fp32Bytes()),
                    size(t.storedBytes()),
                    t.form().equals("dense") ? "" : "  " + t.form());
        }
        MemoryReport m = memory;
        line(out, "  bits       %s", bits);
        line(
                out,
                "  payload    %.2f bits per value (embedding and attention), fp32 %,d B -> payload %,d B",
                m.averageBits(),
                m.fp32Bytes(),
                m.payloadBytes());
        line(
                out,
                "  all        %.2f bits per value (every cell), stored %,d B, with cells left at fp32 %,d B",
                m.bitsAll(),
                m.storedBytes(),
                m.cellBytes());
        line(
                out,
                "  inner      %.2f bits per value (without the features), %,d B with cells left at fp32",
                m.bitsInner(),
                m.innerStoredBytes());
        line(
                out,
                "  total      %,d B: these cells, the graph %,d B, other fp32 parameters %,d B",
                m.totalBytes(),
                graphBytes,
                parameterBytes);
        line(
                out,
                "  peak       %s",
                peakBytes == null
                        ? "not known without packing the features"
                        : String.format(Locale.ROOT, "%,d B that packed inference allocates", peakBytes));
        if (bound != null) {
            line(out, "  at most    %s", bound);
        }
        return out.toString().stripTrailing();
    }

    private static String shape(Tensor t) {
        return t.rows() + " x " + t.cols();
    }

    private static int width(List<String> texts) {
        return texts.stream().mapToInt(String::length).max().orElse(1);
    }

    private static String size(long bytes) {
        if (bytes < 1 << 10) {
            return bytes + " B";
        }
        return bytes < 1 << 20
                ? String.format(Locale.ROOT, "%.1f KiB", bytes / 1024.0)
                : String.format(Locale.ROOT, "%.2f MiB", bytes / (1024.0 * 1024));
    }

    private static void line(StringBuilder out, String format, Object... values) {
        out.append(String.format(Locale.ROOT, format, values)).append('\n');
    }
}
