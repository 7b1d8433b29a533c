package org.sgquant.perf.device;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SamplerTest {

    /** A clock on which a call takes as long as is set, in milliseconds. */
    private static final class Manual implements Sampler.Clock {
        private double now;
        private int calls;

        @Override
        public double milliseconds(Runnable work) {
            double start = now;
            work.run();
            return now - start;
        }

        Runnable taking(double milliseconds) {
            return () -> {
                now += milliseconds;
                calls++;
            };
        }
    }

    private final Manual clock = new Manual();

    @Test
    void short_calls_are_repeated_until_a_sample_takes_a_millisecond() {
        Sampler.Times times = Sampler.full(clock).measure(clock.taking(0.25));
        assertThat(times.callsPerSample()).isEqualTo(4);
        assertThat(times.samples()).isEqualTo(200);
        assertThat(times.median()).isEqualTo(0.25);
        assertThat(clock.calls).isEqualTo(50 + 4 * 200);
    }

    @Test
    void long_calls_end_after_the_seconds_given_but_not_before_the_least_samples() {
        assertThat(Sampler.full(clock).measure(clock.taking(100)).samples()).isEqualTo(10);
        assertThat(Sampler.full(clock).measure(clock.taking(9_000)).samples()).isEqualTo(Sampler.LEAST_SAMPLES);
    }

    @Test
    void quartiles_lie_around_the_median() {
        Sampler.Times times = Sampler.Times.of(new double[] {5, 1, 4, 2, 3, 9, 8}, 1);
        assertThat(times).isEqualTo(new Sampler.Times(4, 2, 8, 7, 1));
        assertThat(Sampler.Times.of(new double[] {7}, 3)).isEqualTo(new Sampler.Times(7, 7, 7, 1, 3));
    }
}
