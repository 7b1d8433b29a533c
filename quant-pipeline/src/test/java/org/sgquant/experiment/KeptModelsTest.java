package org.sgquant.experiment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sgquant.data.Dataset;
import org.sgquant.data.SyntheticCitationGraph;
import org.sgquant.search.Study;

class KeptModelsTest {

    /** Another worker holds seed 0, the first, until seed 1 is there, and then fails. */
    @Test
    void aSeedThatAnotherWorkerTrainsHoldsNoOtherUp(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("s.db");
        CountDownLatch held = new CountDownLatch(1);
        BlockingQueue<Long> heard = new LinkedBlockingQueue<>();
        CountDownLatch second = new CountDownLatch(1);
        try (Dataset dataset = SyntheticCitationGraph.SMALL.generate();
                Lanes lanes = SmallModels.lanes(dataset, 1, 1);
                Study study = Study.open(file, Map.of());
                Study other = Study.open(file, Map.of());
                ExecutorService thread = Executors.newSingleThreadExecutor()) {
            Experiment experiment = SmallModels.experiment(lanes, SmallModels.recipe(false, "auto", "4"));
            Future<byte[]> failing = thread.submit(() -> other.once("fp32 seed 0", () -> {
                held.countDown();
                throw new IllegalStateException("given up, seed 1 was there: " + await(second));
            }));
            assertThat(await(held)).isTrue();
            List<Experiment.Trained> models = KeptModels.train(experiment, study, 0, 2, trained -> {
                heard.add(trained.seed());
                second.countDown();
            });
            assertThatThrownBy(failing::get)
                    .isInstanceOf(ExecutionException.class)
                    .hasMessageContaining("given up, seed 1 was there: true");
            assertThat(heard).containsExactly(1L, 0L);
            assertThat(models).extracting(Experiment.Trained::seed).containsExactly(0L, 1L);
        }
    }

    private static boolean await(CountDownLatch latch) {
        try {
            return latch.await(30, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
