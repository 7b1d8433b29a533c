package org.sgquant.kernels;

import java.util.List;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.PackedMatrix;

/** What becomes of every row of a product, step by step in order, and where it goes in the end. */
public record Epilogue(List<Step> steps, Destination to) {

    public Epilogue {
        steps = List.copyOf(steps);
    }

    /** The product as it is. */
    public static Epilogue to(FloatMatrix out) {
        return new Epilogue(List.of(), new Floats(out));
    }

    /** One operation of {@link ElementwiseOps}. */
    public sealed interface Step {

        /** {@code out} may be {@code x}. */
        void apply(ElementwiseOps ops, FloatMatrix x, FloatMatrix out);

        /** Checks operands for a product of this shape. */
        void requireFits(int rows, int cols);
    }

    /** {@link ElementwiseOps#scaleRows}: factor 1 x N. */
    public record ScaleRows(FloatMatrix factor) implements Step {

        @Override
        public void apply(ElementwiseOps ops, FloatMatrix x, FloatMatrix out) {
            ops.scaleRows(x, factor, out);
        }

        @Override
        public void requireFits(int rows, int cols) {
            factor.requireShape(1, rows, "epilogue: factor");
        }
    }

    /** {@link ElementwiseOps#addBias}: bias 1 x F. */
    public record AddBias(FloatMatrix bias) implements Step {

        @Override
        public void apply(ElementwiseOps ops, FloatMatrix x, FloatMatrix out) {
            ops.addBias(x, bias, out);
        }

        @Override
        public void requireFits(int rows, int cols) {
            bias.requireShape(1, cols, "epilogue: bias");
        }
    }

    /** {@link ElementwiseOps#add} of the product to {@code a}, N x F. */
    public record AddTo(FloatMatrix a) implements Step {

        @Override
        public void apply(ElementwiseOps ops, FloatMatrix x, FloatMatrix out) {
            ops.add(a, x, out);
        }

        @Override
        public void requireFits(int rows, int cols) {
            a.requireShape(rows, cols, "epilogue: a");
        }
    }

    /** {@link ElementwiseOps#relu}. */
    public record Relu() implements Step {

        @Override
        public void apply(ElementwiseOps ops, FloatMatrix x, FloatMatrix out) {
            ops.relu(x, out);
        }

        @Override
        public void requireFits(int rows, int cols) {
            // has no operand
        }
    }

    /** N x F. */
    public sealed interface Destination {
        void requireShape(int rows, int cols);
    }

    /** Kept as it is. */
    public record Floats(FloatMatrix out) implements Destination {

        @Override
        public void requireShape(int rows, int cols) {
            out.requireShape(rows, cols, "epilogue: out");
        }
    }

    /** Packed: {@link PackedOps#pack}. */
    public record Codes(PackedMatrix out) implements Destination {

        @Override
        public void requireShape(int rows, int cols) {
            PackedShapes.requireShape(out, rows, cols, "epilogue: out");
        }
    }

    /** Checks every operand for a product of this shape. */
    public void requireFits(int rows, int cols) {
        steps.forEach(step -> step.requireFits(rows, cols));
        to.requireShape(rows, cols);
    }
}
