package org.sgquant.search;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Multiple-choice knapsack: {@code min sum_i loss_i(c_i)} for every {@code sum_i cost_i(c_i)} at once, one choice per
 * dimension.
 *
 * <p>Dynamic programming over dimensions on lists of points that no other one betters in both sums, so the whole front is
 * exact; nothing is rounded to a grid. Source: Kellerer, Pferschy, Pisinger, Knapsack Problems, 2004, chapter 11.
 */
public final class Knapsack {

    /** What a choice adds; losses may be negative, as a measured effect can be. */
    public record Option(double cost, double loss) {}

    /** A selection that is cheaper than every one of less loss: the sums, and the index of each dimension's option. */
    public record Point(double cost, double loss, List<Integer> choices) {}

    /** A point of the first dimensions: the one it extends, by which option. */
    private record Partial(double cost, double loss, Partial before, int choice) {}

    private Knapsack() {}

    /** The front over {@code options}, by ascending cost and falling loss; ties go to the lower options. */
    public static List<Point> front(List<List<Option>> options) {
        List<Partial> front = List.of(new Partial(0, 0, null, -1));
        for (List<Option> dimension : options) {
            List<Partial> extended = new ArrayList<>(front.size() * dimension.size());
            for (int c = 0; c < dimension.size(); c++) {
                Option option = dimension.get(c);
                for (Partial point : front) {
                    extended.add(new Partial(point.cost() + option.cost(), point.loss() + option.loss(), point, c));
                }
            }
            front = undominated(extended);
        }
        return front.stream().map(Knapsack::point).toList();
    }

    private static List<Partial> undominated(List<Partial> points) {
        points.sort(Comparator.comparingDouble(Partial::cost).thenComparingDouble(Partial::loss));
        List<Partial> front = new ArrayList<>();
        double least = Double.POSITIVE_INFINITY;
        for (Partial point : points) {
            if (point.loss() < least) {
                least = point.loss();
                front.add(point);
            }
        }
        return front;
    }

    private static Point point(Partial end) {
        List<Integer> choices = new ArrayList<>();
        for (Partial p = end; p.before() != null; p = p.before()) {
            choices.add(p.choice());
        }
        return new Point(end.cost(), end.loss(), choices.reversed());
    }
}
