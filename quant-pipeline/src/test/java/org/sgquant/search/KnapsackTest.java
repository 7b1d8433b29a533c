package org.sgquant.search;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

class KnapsackTest {

    @RepeatedTest(20)
    void theFrontIsThatOfEverySelection() {
        long seed = Long.getLong("sgquant.seed", System.nanoTime());
        SplittableRandom random = new SplittableRandom(seed);
        List<List<Knapsack.Option>> options = new ArrayList<>();
        for (int i = 0; i < random.nextInt(1, 6); i++) {
            List<Knapsack.Option> dimension = new ArrayList<>();
            for (int c = 0; c < random.nextInt(1, 6); c++) {
                // Few values, so that sums collide; some losses are negative.
                dimension.add(new Knapsack.Option(random.nextInt(8), random.nextInt(-2, 8)));
            }
            options.add(dimension);
        }
        List<Knapsack.Point> all = everySelection(options);
        List<Knapsack.Point> expected = all.stream()
                .filter(p -> all.stream().noneMatch(q -> betters(q, p)))
                .sorted(Comparator.comparingDouble(Knapsack.Point::cost))
                .toList();
        List<Knapsack.Point> front = Knapsack.front(options);
        String replay = "replay with -Dsgquant.seed=" + seed + ": " + options;
        assertThat(front.stream().map(p -> List.of(p.cost(), p.loss())))
                .as(replay)
                .isEqualTo(expected.stream()
                        .map(p -> List.of(p.cost(), p.loss()))
                        .distinct()
                        .toList());
        assertThat(all).as(replay).containsAll(front);
    }

    private static boolean betters(Knapsack.Point q, Knapsack.Point p) {
        return q.cost() <= p.cost() && q.loss() <= p.loss() && (q.cost() < p.cost() || q.loss() < p.loss());
    }

    private static List<Knapsack.Point> everySelection(List<List<Knapsack.Option>> options) {
        List<Knapsack.Point> points = List.of(new Knapsack.Point(0, 0, List.of()));
        for (List<Knapsack.Option> dimension : options) {
            List<Knapsack.Point> longer = new ArrayList<>();
            for (Knapsack.Point point : points) {
                for (int c = 0; c < dimension.size(); c++) {
                    List<Integer> choices = new ArrayList<>(point.choices());
                    choices.add(c);
                    longer.add(new Knapsack.Point(
                            point.cost() + dimension.get(c).cost(),
                            point.loss() + dimension.get(c).loss(),
                            choices));
                }
            }
            points = longer;
        }
        return points;
    }

    @Test
    void twentyCellsOfSevenWidthsTakeNoTime() {
        SplittableRandom random = new SplittableRandom(7);
        List<List<Knapsack.Option>> options = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            int rows = random.nextInt(200, 20_000);
            double loss = random.nextDouble();
            List<Knapsack.Option> dimension = new ArrayList<>();
            for (int bits : SyntheticNetwork.WIDTHS) {
                dimension.add(new Knapsack.Option(16.0 * bits * Math.ceilDiv(rows, 8), loss * Math.pow(4, -bits)));
            }
            options.add(dimension);
        }
        long start = System.nanoTime();
        List<Knapsack.Point> front = Knapsack.front(options);
        double seconds = (System.nanoTime() - start) / 1e9;
        System.out.printf("front of 20 cells: %d points, %.2f s%n", front.size(), seconds);
        assertThat(front).isSortedAccordingTo(Comparator.comparingDouble(Knapsack.Point::cost));
        assertThat(seconds).isLessThan(20);
    }
}
