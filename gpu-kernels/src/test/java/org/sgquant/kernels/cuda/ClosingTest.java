package org.sgquant.kernels.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ClosingTest {

    @Test
    void all_are_closed_and_the_first_failure_is_thrown_with_the_others() {
        List<Integer> closed = new ArrayList<>();
        assertThatThrownBy(() -> Closing.all(List.of(1, 2, 3, 4), i -> {
                    closed.add(i);
                    if (i % 2 == 0) {
                        throw new IllegalStateException("failure " + i);
                    }
                }))
                .hasMessage("failure 2")
                .satisfies(e -> assertThat(e.getSuppressed())
                        .singleElement()
                        .satisfies(s -> assertThat(s).hasMessage("failure 4")));
        assertThat(closed).containsExactly(1, 2, 3, 4);
    }
}
