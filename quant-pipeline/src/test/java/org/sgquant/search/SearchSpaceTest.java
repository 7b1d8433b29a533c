package org.sgquant.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.sgquant.search.SearchSpace.Dimension;

class SearchSpaceTest {

    private final SearchSpace small = new SearchSpace(List.of(
            new Dimension("h", List.of(4, 1, 2, 4)),
            new Dimension("m", List.of(8)),
            new Dimension("w", List.of(2, 8))));

    @Test
    void choicesAreAscendingAndUnique() {
        assertThat(small.dimensions().getFirst().choices()).containsExactly(1, 2, 4);
        assertThat(small.describe()).isEqualTo("h=[1, 2, 4] m=[8] w=[2, 8]");
    }

    @Test
    void sizeIsTheProductAndSaturates() {
        assertThat(small.size()).isEqualTo(6);
        assertThat(space(22, 7).size()).isEqualTo(3909821048582988049L);
        assertThat(space(23, 7).size()).isEqualTo(Long.MAX_VALUE);
        assertThat(space(64, 2).size()).isEqualTo(Long.MAX_VALUE);
        assertThat(space(200, 4).size()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void containsChecksLengthAndEveryWidth() {
        assertThat(small.contains(List.of(4, 8, 2))).isTrue();
        assertThat(small.contains(List.of(3, 8, 2))).isFalse();
        assertThat(small.contains(List.of(4, 8))).isFalse();
    }

    @Test
    void uniformConfigurationsRoundUpWhereACellLacksTheWidth() {
        assertThat(small.uniform()).containsExactly(List.of(1, 8, 2), List.of(2, 8, 2), List.of(4, 8, 8));
    }

    @Test
    void samplesAndMutantsStayInside() {
        SplittableRandom random = new SplittableRandom(1);
        Set<List<Integer>> met = new HashSet<>();
        List<Integer> bits = small.sample(random);
        for (int n = 0; n < 200; n++) {
            bits = small.mutate(random, bits);
            assertThat(small.contains(bits)).isTrue();
            met.add(small.sample(random));
        }
        assertThat(met).hasSize(6);
    }

    @Test
    void unseenListsASmallSpaceToItsEnd() {
        Set<List<Integer>> seen = Set.of(List.of(4, 8, 2), List.of(1, 8, 8));
        List<List<Integer>> rest = small.unseen(new SplittableRandom(1), 100, seen, bits -> true);
        assertThat(rest).hasSize(4).doesNotHaveDuplicates().doesNotContainAnyElementsOf(seen);
        assertThat(small.unseen(new SplittableRandom(1), 3, seen, bits -> true)).hasSize(3);
    }

    @Test
    void unseenSamplesALargeSpaceWithoutRepetition() {
        SearchSpace large = space(14, 7);
        List<List<Integer>> drawn = large.unseen(new SplittableRandom(1), 500, Set.of(), bits -> true);
        assertThat(drawn).hasSize(500).doesNotHaveDuplicates().allMatch(large::contains);
    }

    @Test
    void emptyAndRepeatedCellsAreRefused() {
        assertThatThrownBy(() -> new Dimension("h", List.of())).hasMessage("cell h has no bit width to choose from");
        assertThatThrownBy(() -> new SearchSpace(List.of())).hasMessage("a search space needs at least one cell");
        assertThatThrownBy(() -> new SearchSpace(Collections.nCopies(2, new Dimension("h", List.of(1)))))
                .hasMessage("cell h appears twice in the search space");
    }

    static SearchSpace space(int cells, int widths) {
        return new SearchSpace(IntStream.range(0, cells)
                .mapToObj(i -> new Dimension("c" + i, SyntheticNetwork.WIDTHS.subList(0, widths)))
                .toList());
    }
}
