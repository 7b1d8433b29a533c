package org.sgquant.tensor;

import java.util.List;

/**
 * One non-negative weight per edge of a {@link CsrGraph}, quantized by the degree bucket of the target row.
 *
 * <p>Part p holds the edges of rows {@code [rowStart, rowEnd)} as a 1 x edges {@link PackedMatrix} of one block, whose
 * offset is 0 so that {@code weight = scale * code}; edge e of the graph is column {@code e - edgeStart}. A part of
 * {@link BitWidth#FP32} holds the floats.
 */
public record EdgeWeights(List<Part> parts) {

    /** Edges of the target rows {@code [rowStart, rowEnd)}. */
    public record Part(int rowStart, int rowEnd, int edgeStart, PackedMatrix codes) {
        public BitWidth bits() {
            return codes.scheme().blocks().get(0).bits();
        }

        public float scale() {
            return codes.scheme().blocks().get(0).params().scale().get(0, 0);
        }
    }

    public EdgeWeights {
        parts = List.copyOf(parts);
        int next = 0;
        for (Part part : parts) {
            ShapeException.require(part.rowStart(), next, "EdgeWeights: parts must be contiguous");
            next = part.rowEnd();
            if (part.bits().isFloat()) {
                throw new IllegalArgumentException(part.codes().name() + ": edge weights are integers times a scale and"
                        + " cannot be " + part.bits() + ", choose an integer width or 32");
            }
        }
    }

    /** The part that holds the edges of {@code row}. */
    public Part partOf(int row) {
        return parts.stream().filter(p -> row < p.rowEnd()).findFirst().orElseThrow();
    }

    public boolean isPacked() {
        return parts.stream().allMatch(p -> p.bits().isPacked());
    }

    public long storedBytes() {
        return parts.stream().mapToLong(p -> p.codes().storedBytes()).sum();
    }
}
