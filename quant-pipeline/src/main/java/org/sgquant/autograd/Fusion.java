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
import org.sgquant.tensor.FloatMatrix;

/**
 * Makes one step of a product of packed operands and the steps right behind it, as long as each reads what the one before
 * it wrote and nobody else does: {@link org.sgquant.kernels.FusedOps}. What passes between them has no buffer then.
 */
final class Fusion {

    /** A step of a plan, which does what the tape has from step {@code start} on. */
    record Step(Tape.Node node, int start) {}

    private final List<Tape.Node> nodes;
    private final Backend backend;
    private final Map<Value, Integer> readers = new HashMap<>();
    private final List<Step> steps = new ArrayList<>();

    private Fusion(Tape tape, Backend backend) {
        this.nodes = List.copyOf(tape.nodes());
        this.backend = backend;
        nodes.forEach(node -> node.inputs().forEach(v -> readers.merge(v, 1, Integer::sum)));
    }

    /** The steps of an exact tape joined, but across none of {@code borders}; those of another as they are. */
    static List<Step> steps(Tape tape, Backend backend, Set<Integer> borders) {
        Fusion fusion = new Fusion(tape, backend);
        for (int from = 0; from < fusion.nodes.size(); ) {
            int to = tape.isExact() ? fusion.end(from, borders) : from + 1;
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
                .collect(Collectors.toCollection(ArrayList::new));
        Value place = place(chain);
        if (place != null) {
            steps.add(new Step(new Tape.Node("place", List.of(), place, b -> {}, null, null), from));
            inputs.add(place);
        }
        String name = chain.stream().map(Tape.Node::name).collect(Collectors.joining("+"));
        Tape.Kernel kernel = kernel(chain, place);
        steps.add(new Step(new Tape.Node(name, inputs, chain.getLast().output(), kernel, null, null), from));
    }

    /** Where a backend that wants it puts the product of a chain that ends in codes, else null. */
    private Value place(List<Tape.Node> chain) {
        Value out = chain.getLast().output();
        return out != null && out.isPacked() && backend.fused().needsPlace()
                ? chain.getFirst().output()
                : null;
    }

    private static Tape.Kernel kernel(List<Tape.Node> chain, Value place) {
        return b -> {
            PackedProduct product =
                    ((Tape.Begins) chain.getFirst().part()).product().get();
            FloatMatrix at = place == null ? null : place.dense();
            b.fused().run(product, epilogue(chain), at);
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
