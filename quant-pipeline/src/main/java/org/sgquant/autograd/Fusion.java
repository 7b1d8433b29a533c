package org.sgquant.autograd;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.Epilogue;
import org.sgquant.kernels.PackedProduct;

/**
 * Makes one step of a product of packed operands and the steps right behind it, as long as each reads what the one before
 * it wrote and nobody else does: {@link org.sgquant.kernels.FusedOps}. What passes between them has no buffer then.
 */
final class Fusion {

    /** A step of a plan, which does what the tape has from step {@code start} on. */
    record Step(Tape.Node node, int start) {}

    private final List<Tape.Node> nodes;
    private final Map<Value, Integer> readers = new HashMap<>();
    private final List<Step> steps = new ArrayList<>();

    private Fusion(Tape tape) {
        this.nodes = List.copyOf(tape.nodes());
        nodes.forEach(node -> node.inputs().forEach(v -> readers.merge(v, 1, Integer::sum)));
    }

    /**
     * The steps of an exact tape joined, but across none of {@code borders}; as they are those of another tape, and where the
     * backend runs them one after another.
     */
    static List<Step> steps(Tape tape, Backend backend, Set<Integer> borders) {
        Fusion fusion = new Fusion(tape);
        boolean joins = tape.isExact() && backend.fused().isPresent();
        for (int from = 0; from < fusion.nodes.size(); ) {
            int to = joins ? fusion.end(from, borders) : from + 1;
            fusion.add(from, to);
            from = to;
        }
        return fusion.steps;
    }

    /** End of the chain that begins with step {@code from}, itself alone where none does. */
    private int end(int from, Set<Integer> borders) {
        int to = from + 1;
        if (nodes.get(from).part() instanceof Tape.Begins) {
            while (to < nodes.size() && !borders.contains(to) && follows(to)) {
                to++;
            }
        }
        return to;
    }

    /** Whether step {@code i} alone reads what the step before it wrote, as a part of a chain. */
    private boolean follows(int i) {
        Value before = nodes.get(i - 1).output();
        Value read = switch (nodes.get(i).part()) {
            case Tape.GoesOn part -> part.x();
            case Tape.Ends part -> part.x();
            case Tape.Begins part -> null;
            case null -> null;
        };
        return before != null && before == read && readers.get(before) == 1;
    }

    private void add(int from, int to) {
        if (to == from + 1) {
            steps.add(new Step(nodes.get(from), from));
            return;
        }
        List<Tape.Node> chain = nodes.subList(from, to);
        Set<Value> between = chain.subList(0, chain.size() - 1).stream()
                .map(Tape.Node::output)
                .collect(Collectors.toSet());
        List<Value> inputs = chain.stream()
                .flatMap(node -> node.inputs().stream())
                .filter(v -> !between.contains(v))
                .distinct()
                .toList();
        String name = chain.stream().map(Tape.Node::name).collect(Collectors.joining("+"));
        Tape.Kernel kernel = kernel(chain);
        steps.add(new Step(new Tape.Node(name, inputs, chain.getLast().output(), kernel, null, null), from));
    }

    private static Tape.Kernel kernel(List<Tape.Node> chain) {
        return b -> {
            PackedProduct product =
                    ((Tape.Begins) chain.getFirst().part()).product().get();
            b.fused().orElseThrow().run(product, epilogue(chain));
        };
    }

    private static Epilogue epilogue(List<Tape.Node> chain) {
        List<Epilogue.Step> steps = new ArrayList<>();
        for (Tape.Node node : chain) {
            switch (node.part()) {
                case Tape.GoesOn part -> steps.add(part.step().get());
                case Tape.Ends part -> {
                    return new Epilogue(steps, part.to().get());
                }
                case Tape.Begins part -> {}
            }
        }
        return new Epilogue(steps, new Epilogue.Floats(chain.getLast().output().dense()));
    }
}
