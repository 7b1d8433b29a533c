package org.sgquant.search;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Automatic bit selection of SGQuant: measure, fit a cost model, predict many configurations, measure the cheapest ones
 * predicted to stay within the drop, repeat.
 *
 * <p>Round 0 measures the uniform configurations and random ones. A later round gathers candidates within the known bounds
 * that cost less than the best feasible trial: every unseen configuration of a small space, else {@code samples} of them, half uniform, half
 * mutations of the best feasible ones. Each place in the batch then gets its own {@link DropModel}, fitted to its own
 * bootstrap sample, and takes the candidate of least known cost that this model predicts to be within the drop, or
 * the end of the model's greedy descent from the widest configuration if that is cheaper. Where models differ, the
 * batch spreads; so no margin has to be chosen. Where the drop is the objective, the candidate of least predicted drop
 * is taken, and the descent ends where the bounds are met. Source: Feng et al., SGQuant, ICTAI 2020, arXiv 2007.05100; its
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

    private static final double[][] NO_LOSSES = {};

    public AbsSearch {
        if (batch < 1 || samples < 2 || trees < 1 || !(exploration >= 0 && exploration <= 1)) {
            throw new IllegalArgumentException("not a setting of ABS: batch " + batch + ", samples " + samples
                    + ", exploration " + exploration + ", trees " + trees);
        }
    }

    public AbsSearch() {
        this(20, 2000, 0.1, 1);
    }

    /** One whose models are forests. */
    public static AbsSearch forest() {
        return new AbsSearch(20, 2000, 0.1, 20);
    }

    @Override
    public String name() {
        return (trees == 1 ? "abs" : "abs-forest") + " batch=" + batch + " samples=" + samples + " exploration="
                + exploration + " trees=" + trees;
    }

    @Override
    public List<List<Integer>> propose(
            Problem problem, String prepared, List<Trial> finished, int round, RandomGenerator random) {
        return propose(problem, NO_LOSSES, finished, random);
    }

    /** The same, knowing what {@code losses}, {@code [dimension][choice]}, were estimated beforehand. */
    List<List<Integer>> propose(Problem problem, double[][] losses, List<Trial> finished, RandomGenerator random) {
        SearchSpace space = problem.space();
        if (finished.isEmpty()) {
            List<List<Integer>> start = new ArrayList<>(space.uniform());
            start.removeIf(bits -> !problem.fits(bits));
            int more = Math.max(0, batch - start.size());
            start.addAll(space.unseen(random, more, new HashSet<>(start), problem::fits));
            return start;
        }
        Set<List<Integer>> seen = Trial.configurations(finished);
        List<Candidate> candidates = candidates(problem, finished, seen, random);
        // Where the drop itself is to be small, no drop is small enough.
        double allowed = problem.objective() == Objective.DROP
                ? Double.NEGATIVE_INFINITY
                : problem.constraint().maxDrop();
        List<List<Integer>> proposed = new ArrayList<>();
        while (proposed.size() < batch && !candidates.isEmpty()) {
            Candidate pick;
            if (random.nextDouble() < exploration) {
                pick = candidates.get(random.nextInt(candidates.size()));
            } else {
                DropModel model = DropModel.fit(problem, losses, finished, trees, random);
                pick = cheapest(candidates, model, allowed);
                Candidate descended = descend(problem, model);
                if (isBetter(problem, model, descended, pick) && !seen.contains(descended.bits())) {
                    pick = descended;
                }
            }
            proposed.add(pick.bits());
            seen.add(pick.bits());
            candidates.remove(pick);
        }
        return proposed;
    }

    /** {@code cost} is the objective as far as it is known without measuring. */
    private record Candidate(double cost, List<Integer> bits) {}

    private static boolean isBetter(Problem problem, DropModel model, Candidate descended, Candidate pick) {
        return problem.fits(descended.bits())
                && (problem.objective() == Objective.DROP
                        ? model.drop(descended.bits()) < model.drop(pick.bits())
                        : descended.cost() < pick.cost());
    }

    /** Unseen configurations that cost less than the best feasible trial; least cost first, then most bits. */
    private List<Candidate> candidates(
            Problem problem, List<Trial> finished, Set<List<Integer>> seen, RandomGenerator random) {
        SearchSpace space = problem.space();
        List<Trial> feasible = finished.stream()
                .filter(Trial::feasible)
                .sorted(Comparator.comparingDouble(problem::measured))
                .toList();
        double limit = feasible.isEmpty() || problem.objective() == Objective.DROP
                ? Double.POSITIVE_INFINITY
                : problem.known(feasible.getFirst().bits());
        Set<List<Integer>> pool = new LinkedHashSet<>();
        if (space.isListable()) {
            pool.addAll(space.unseen(random, Integer.MAX_VALUE, seen, problem::fits));
        } else {
            List<Trial> parents = feasible.subList(0, Math.min(PARENTS, feasible.size()));
            int mutants = parents.isEmpty() ? 0 : samples / 2;
            space.unseen(random, samples - mutants, seen, problem::fits)
                    .forEach(bits -> pool.add(lift(problem, bits, random)));
            for (int n = 0; n < mutants; n++) {
                List<Integer> bits = parents.get(random.nextInt(parents.size())).bits();
                for (int left = random.nextInt(MOST_MUTATIONS); left >= 0; left--) {
                    bits = space.mutate(random, bits);
                }
                pool.add(lift(problem, bits, random));
            }
            pool.removeAll(seen);
        }
        return pool.stream()
                .filter(problem::fits)
                .map(bits -> new Candidate(problem.known(bits), bits))
                .filter(candidate -> candidate.cost() < limit)
                .sorted(Comparator.comparingDouble(Candidate::cost)
                        .thenComparingInt(candidate -> -candidate.bits().stream()
                                .mapToInt(Widths::bits)
                                .sum()))
                .collect(Collectors.toCollection(ArrayList::new));
    }

    /**
     * Widens every cell as far as nothing is added to the objective: padding that is paid for may as well hold bits. Where
     * the drop is the objective, cells are widened in an order drawn at random, since what is left may not do for all.
     */
    private static List<Integer> lift(Problem problem, List<Integer> bits, RandomGenerator random) {
        List<Integer> cells =
                new ArrayList<>(IntStream.range(0, bits.size()).boxed().toList());
        if (problem.objective() == Objective.DROP) {
            Collections.shuffle(cells, random);
        }
        double cost = problem.known(bits);
        List<Integer> lifted = bits;
        for (int i : cells) {
            List<Integer> wider = problem.space().widen(lifted, i);
            while (!wider.equals(lifted) && problem.known(wider) <= cost && problem.fits(wider)) {
                lifted = wider;
                wider = problem.space().widen(lifted, i);
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

    /**
     * Narrows, from the widest configuration, the cell that saves most for each point of predicted drop: of the objective,
     * as long as the drop is allowed; where the drop is the objective, of what is beyond the bounds, until nothing is.
     */
    private static Candidate descend(Problem problem, DropModel model) {
        boolean untilItFits = problem.objective() == Objective.DROP;
        ToDoubleFunction<List<Integer>> cost = untilItFits ? problem::excess : problem::known;
        double maxDrop =
                untilItFits ? Double.POSITIVE_INFINITY : problem.constraint().maxDrop();
        List<Integer> widest = problem.space().widest();
        Candidate now = new Candidate(cost.applyAsDouble(widest), widest);
        while (true) {
            double drop = model.drop(now.bits());
            Candidate next = null;
            double best = 0;
            for (int i = 0; i < widest.size(); i++) {
                Candidate narrower = narrow(problem.space(), cost, now, i);
                double narrowerDrop = model.drop(narrower.bits());
                double gain = (now.cost() - narrower.cost()) / Math.max(narrowerDrop - drop, FREE);
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

    /** Narrows cell {@code i} until the cost falls, or to its least width. */
    private static Candidate narrow(SearchSpace space, ToDoubleFunction<List<Integer>> cost, Candidate from, int i) {
        List<Integer> bits = from.bits();
        List<Integer> narrower = space.step(bits, i, -1);
        while (cost.applyAsDouble(narrower) >= from.cost() && !narrower.equals(bits)) {
            bits = narrower;
            narrower = space.step(bits, i, -1);
        }
        return new Candidate(cost.applyAsDouble(narrower), narrower);
    }
}
