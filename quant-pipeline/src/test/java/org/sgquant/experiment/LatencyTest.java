package org.sgquant.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class LatencyTest {

    private static final double FINAL = 1e-3;

    /** Takes a tenth less from run to run, from 50 ms until it takes one, as code does that is being compiled. */
    private static final class Accelerating implements Runnable {

        private double seconds = 50e-3;

        @Override
        public void run() {
            long end = System.nanoTime() + (long) (seconds * 1e9);
            while (System.nanoTime() < end) {
                LockSupport.parkNanos(end - System.nanoTime());
            }
            seconds = Math.max(FINAL, 0.9 * seconds);
        }
    }

    @Test
    void theTimeIsThatOfWarmCode() {
        assertThat(Latency.seconds(new Accelerating())).isBetween(FINAL, 20 * FINAL);
        assertThat(Latency.unhurried(Accelerating.class, new Accelerating())).isBetween(FINAL, 20 * FINAL);
    }

    @Test
    void slowInferencesAreRunOnlyAFewTimes() {
        int[] runs = {0};
        double seconds = Latency.seconds(() -> {
            runs[0]++;
            LockSupport.parkNanos(400_000_000);
        });
        assertThat(seconds).isGreaterThanOrEqualTo(0.39);
        assertThat(runs[0]).isBetween(4, 12);
    }
}
