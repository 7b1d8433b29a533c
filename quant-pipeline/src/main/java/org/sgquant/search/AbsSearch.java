package org.sgquant.search;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;

/**
 * Automatic bit selection of SGQuant: measure, fit a cost model, predict many configurations, measure the cheapest ones
 * predicted to stay within the drop, repeat.
 *
 * <p>Round 0 measures the uniform configurations and random ones. A later round gathers candidates that cost less than
 * the best feasible trial: every unseen configuration of a small space, else {@code samples} of them, half uniform, half
 * mutations of the best feasible ones. Each place in the batch then gets its own {@link DropModel}, fitted to its own
 * bootstrap sample, and takes the candidate of fewest exact bytes that this model predicts to be within the drop, or
 * the end of the model's greedy descent from the widest configuration if that is cheaper. Where models differ, the
 * batch spreads; so no margin has to be chosen. Source: Feng et al., SGQuant, ICTAI 2020, arXiv 2007.05100; its
 * constants are not known to us, these are ours.
 *
 * @param batch measurements per round (n_mea); a part of the study, unlike the number of trials
 * @param samples candidates per round (n_sample)
 * @param exploration probability that a place of the batch goes to a random candidate
 * @param trees 1 for one regression tree per model, more for a forest
 */
public record AbsSearch(int batch, int samples, double exploration, int trees) implements SearchStrategy {

    /** Feasible trials that are mutated. */
    private static final int PARENTS = 10;

    private static final int MOST_MUTATIONS = 3;

    /** A step predicted to cost less than this many points counts as free. */
    private static final double FREE = 1e-3;

    public AbsSearch {
        if (batch < 1 || samples < 2 || trees < 1 || !(exploration >= 0 && exploration <= 1)) {
            throw new IllegalArgumentException("not a setting of ABS: batch " + batch + ", samples " + samples
                    + ", exploration " + exploration + ", trees " + trees);
        }
    }

    public AbsSearch() {
        this(20, 2000, 0.1, 1);
    }

    @Override
    public String name() {
        return "abs batch=" + batch + " samples=" + samples + " exploration=" + exploration + " trees=" + trees;
    }

    @Override
    public List<List<Integer>> propose(
            SearchSpace space,
            List<Trial> finished,
            int round,
            CostFunction cost,
            Constraint constraint,
            RandomGenerator random) {
        if (finished.isEmpty()) {
            List<List<Integer>> start = new ArrayList<>(space.uniform());
            start.addAll(space.unseen(random, Math.max(0, batch - start.size()), new HashSet<>(start)));
            return start;
        }
        Set<List<Integer>> seen = finished.stream().map(Trial::bits).collect(Collectors.toSet());
        List<Candidate> candidates = candidates(space, finished, seen, cost, random);
        List<List<Integer>> proposed = new ArrayList<>();
        while (proposed.size() < batch && !candidates.isEmpty()) {
            Candidate pick;
            if (random.nextDouble() < exploration) {
                pick = candidates.get(random.nextInt(candidates.size()));
            } else {
                DropModel model = DropModel.fit(space, finished, constraint, trees, random);
                pick = cheapest(candidates, model, constraint.maxDrop());
                Candidate descended = descend(space, cost, model, constraint.maxDrop());
                if (descended.bytes() < pick.bytes() && !seen.contains(descended.bits())) {
                    pick = descended;
                }
            }
            proposed.add(pick.bits());
            seen.add(pick.bits());
            candidates.remove(pick);
        }
        return proposed;
    }

    private record Candidate(long bytes, List<Integer> bits) {}

    /** Unseen configurations cheaper than the best feasible trial; fewest bytes first, then most bits. */
    private List<Candidate> candidates(
            SearchSpace space,
            List<Trial> finished,
            Set<List<Integer>> seen,
            CostFunction cost,
            RandomGenerator random) {
        List<Trial> feasible = finished.stream()
                .filter(Trial::feasible)
                .sorted(Comparator.comparingLong(trial -> trial.measurement().objectiveBytes()))
                .toList();
        long limit = feasible.isEmpty()
                ? Long.MAX_VALUE
                : feasible.getFirst().measurement().objectiveBytes();
        Set<List<Integer>> pool = new LinkedHashSet<>();
        if (space.isListable()) {
            pool.addAll(space.unseen(random, Integer.MAX_VALUE, seen));
        } else {
            List<Trial> parents = feasible.subList(0, Math.min(PARENTS, feasible.size()));
            int mutants = parents.isEmpty() ? 0 : samples / 2;
            space.unseen(random, samples - mutants, seen).forEach(bits -> pool.add(lift(space, cost, bits)));
            for (int n = 0; n < mutants; n++) {
                List<Integer> bits = parents.get(random.nextInt(parents.size())).bits();
                for (int left = random.nextInt(MOST_MUTATIONS); left >= 0; left--) {
                    bits = space.mutate(random, bits);
                }
                pool.add(lift(space, cost, bits));
            }
            pool.removeAll(seen);
        }
        return pool.stream()
                .map(bits -> new Candidate(cost.bytes(bits), bits))
                .filter(candidate -> candidate.bytes() < limit)
                .sorted(Comparator.comparingLong(Candidate::bytes)
                        .thenComparingInt(candidate ->
                                -candidate.bits().stream().mapToInt(b -> b).sum()))
                .collect(Collectors.toCollection(ArrayList::new));
    }

    /** Widens every cell as far as no byte is added: padding that is paid for may as well hold bits. */
    private static List<Integer> lift(SearchSpace space, CostFunction cost, List<Integer> bits) {
        long bytes = cost.bytes(bits);
        List<Integer> lifted = bits;
        for (int i = 0; i < bits.size(); i++) {
            List<Integer> wider = space.step(lifted, i, 1);
            while (!wider.equals(lifted) && cost.bytes(wider) <= bytes) {
                lifted = wider;
                wider = space.step(lifted, i, 1);
            }
        }
        return lifted;
    }

    /** First candidate predicted within the drop, else the one of least predicted drop. */
    private static Candidate cheapest(List<Candidate> candidates, DropModel model, double maxDrop) {
        Candidate safest = null;
        double least = Double.POSITIVE_INFINITY;
        for (Candidate candidate : candidates) {
            double drop = model.drop(candidate.bits());
            if (drop <= maxDrop) {
                return candidate;
            }
            if (safest == null || drop < least) {
                safest = candidate;
                least = drop;
            }
        }
        return safest;
    }

    /** Narrows, from the widest configuration, the cell that saves most bytes per predicted drop, within the drop. */
    private static Candidate descend(SearchSpace space, CostFunction cost, DropModel model, double maxDrop) {
        List<Integer> widest = space.uniform().getLast();
        Candidate now = new Candidate(cost.bytes(widest), widest);
        while (true) {
            double drop = model.drop(now.bits());
            Candidate next = null;
            double best = 0;
            for (int i = 0; i < widest.size(); i++) {
                Candidate narrower = narrow(space, cost, now, i);
                double narrowerDrop = model.drop(narrower.bits());
                double gain = (now.bytes() - narrower.bytes()) / Math.max(narrowerDrop - drop, FREE);
                if (narrowerDrop <= maxDrop && gain > best) {
                    best = gain;
                    next = narrower;
                }
            }
            if (next == null) {
                return now;
            }
            now = next;
        }
    }

    /** Narrows cell {@code i} until bytes fall, or to its least width. */
    private static Candidate narrow(SearchSpace space, CostFunction cost, Candidate from, int i) {
        List<Integer> bits = from.bits();
        List<Integer> narrower = space.step(bits, i, -1);
        while (cost.bytes(narrower) >= from.bytes() && !narrower.equals(bits)) {
            bits = narrower;
            narrower = space.step(bits, i, -1);
        }
        return new Candidate(cost.bytes(narrower), narrower);
    }
}
