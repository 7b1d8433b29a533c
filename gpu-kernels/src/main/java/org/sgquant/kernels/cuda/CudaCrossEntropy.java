package org.sgquant.kernels.cuda;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.UnaryOperator;
import org.sgquant.kernels.FloatShapes;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.IntArray;
import org.sgquant.tensor.ShapeException;

/** Softmax cross-entropy: a launch over the nodes, then one block that adds the sums of its blocks up. */
final class CudaCrossEntropy {

    private final Launcher launcher;

    CudaCrossEntropy(Launcher launcher) {
        this.launcher = launcher;
    }

    /** As {@code ElementwiseOps.softmaxCrossEntropy}, of checked shapes and a gradient that is zero or null. */
    void run(FloatMatrix logits, IntArray labels, IntArray nodes, FloatMatrix grad, FloatMatrix metrics) {
        run("cross_entropy_f32", launch -> launch, logits, labels, nodes, grad, metrics);
    }

    /** The same by {@code kernel}, whose own arguments {@code first} gives before those that all losses share. */
    void run(
            String kernel,
            UnaryOperator<Launch> first,
            FloatMatrix logits,
            IntArray labels,
            IntArray nodes,
            FloatMatrix grad,
            FloatMatrix metrics) {
        int blocks = Math.toIntExact(launcher.blocks(kernel, nodes.size()));
        MemorySegment losses = launcher.scratch("losses", Math.max(blocks, 1) * (long) Double.BYTES);
        MemorySegment rights = launcher.scratch("right predictions", Math.max(blocks, 1) * (long) Integer.BYTES);
        int rows = logits.rows();
        int cols = logits.cols();
        first.apply(launcher.kernel(kernel))
                .pointer(logits)
                .int32(rows)
                .int32(cols)
                .pointer(labels)
                .pointer(nodes)
                .int32(nodes.size())
                .pointer(grad)
                .pointer(losses)
                .pointer(rights)
                .pointer(launcher.errors().detail())
                .pointer(launcher.errors().word())
                .int32(launcher.errors()
                        .site(List.of("node", rows), (node, kind) -> FloatShapes.noSuchNode((int) node, rows)))
                .int32(launcher.errors().site(List.of("label", cols), (node, kind) -> noSuchLabel(cols)))
                .run(blocks);
        launcher.kernel("cross_entropy_metrics")
                .pointer(losses)
                .pointer(rights)
                .int32(blocks)
                .int32(nodes.size())
                .pointer(metrics)
                .run(1);
    }

    /** Of the complement of node and label, which the kernel left. */
    private ShapeException noSuchLabel(int cols) {
        long found = ~launcher.errors().readDetail();
        return FloatShapes.noSuchLabel((int) found, (int) (found >>> Integer.SIZE), cols);
    }
}
