package org.sgquant.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class SplitTest {

    @Test
    void listsAreSortedAndMustBeDisjoint() {
        assertThat(new Split(new int[] {3, 1}, new int[] {2}, new int[0]).train())
                .containsExactly(1, 3);
        assertThatThrownBy(() -> new Split(new int[] {1}, new int[] {2}, new int[] {2}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("node 2 listed twice");
        assertThatThrownBy(() -> new Split(new int[] {1, 1}, new int[0], new int[0]))
                .hasMessage("node 1 listed twice");
    }

    @Test
    void theRandomSplitCoversTheLabelledNodesAndDependsOnTheSeed() {
        int[] labels = new Random(1).ints(101, -1, 3).toArray();
        int[] labelled = IntStream.range(0, 101).filter(i -> labels[i] >= 0).toArray();
        Split split = Split.random(labels, 5);
        assertThat(split.all()).isEqualTo(labelled);
        assertThat(split.train()).hasSize((int) (labelled.length * 0.6));
        assertThat(split.test().length).isBetween(labelled.length / 5, labelled.length / 5 + 1);
        assertThat(Split.random(labels, 5).train()).isEqualTo(split.train());
        assertThat(Split.random(labels, 6).train()).isNotEqualTo(split.train());
        assertThat(Split.random(new int[] {-1, -1}, 0).all()).isEmpty();
    }

    @Test
    void thePerClassSplitTakesTrainFirst() {
        // 40 nodes of class 0, 7 of class 1, none of class 2, 3 of class 3.
        int[] labels =
                IntStream.range(0, 50).map(i -> i < 40 ? 0 : i < 47 ? 1 : 3).toArray();
        Split split = Split.perClass(labels, 5, 10, 1);
        assertThat(split.all()).hasSize(50);
        assertThat(count(split.train(), labels)).containsExactly(5, 5, 0, 3);
        assertThat(count(split.validation(), labels)).containsExactly(10, 2, 0, 0);
        assertThat(count(split.test(), labels)).containsExactly(25, 0, 0, 0);
    }

    private static int[] count(int[] nodes, int[] labels) {
        int[] counts = new int[4];
        for (int node : nodes) {
            counts[labels[node]]++;
        }
        return counts;
    }
}
