package org.sgquant.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LaunchHistoryTest {

    @Test
    void keeps_the_last_four() {
        LaunchHistory history = new LaunchHistory();
        assertThat(history.describe()).isEqualTo("no launch");
        history.add("a");
        assertThat(history.describe()).isEqualTo("the launches: a");
        history.add("b");
        history.add("c");
        history.add("d");
        assertThat(history.describe()).isEqualTo("the launches: a, b, c, d");
        history.add("e");
        assertThat(history.describe()).isEqualTo("the last 4 of 5 launches: b, c, d, e");
        history.clear();
        assertThat(history.describe()).isEqualTo("no launch");
        history.add("f");
        assertThat(history.describe()).isEqualTo("the launches: f");
    }
}
