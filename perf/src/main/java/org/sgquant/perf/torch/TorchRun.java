package org.sgquant.perf.torch;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalDouble;
import org.sgquant.perf.peer.PeerRun;
import org.sgquant.tensor.FloatMatrix;

/** An operation that a {@link TorchProcess} has readied; its time is taken there. */
final class TorchRun implements PeerRun {

    private final TorchProcess process;
    private final int id;
    private final int threads;
    private final Path result;
    private final FloatMatrix out;
    private JsonNode answer;

    TorchRun(TorchProcess process, int id, int threads, Path result, FloatMatrix out) {
        this.process = process;
        this.id = id;
        this.threads = threads;
        this.result = result;
        this.out = out;
    }

    @Override
    public void run() {
        answer = process.ask(Map.of("do", "run", "id", id, "threads", threads));
    }

    @Override
    public OptionalDouble milliseconds() {
        return OptionalDouble.of(answer.required("milliseconds").asDouble());
    }

    /** Loss of the last run, an epoch of training. */
    double loss() {
        return answer.required("loss").asDouble();
    }

    /** Accuracy of the validation nodes after the last run, an epoch of training. */
    double accuracy() {
        return answer.required("accuracy").asDouble();
    }

    @Override
    public void fetch() {
        if (out != null) {
            process.ask(Map.of("do", "fetch", "id", id));
            Files32.read(result, out);
        }
    }

    @Override
    public void close() {
        process.free(id);
    }
}
