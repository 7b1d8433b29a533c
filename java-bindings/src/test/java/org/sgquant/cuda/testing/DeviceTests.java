package org.sgquant.cuda.testing;

import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.sgquant.cuda.CudaProbe;

/** Runs {@link OnDevice} tests where a device is found, skips them loudly elsewhere, but never in CI. */
public final class DeviceTests implements ExecutionCondition {

    private static final String SKIPPED = "##### NO CUDA DEVICE AND NO EMULATOR: device tests are skipped #####";
    private static final boolean CI = "true".equals(System.getenv("CI"));
    private static final CudaProbe PROBE = probe();

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        if (PROBE.isAvailable()) {
            return ConditionEvaluationResult.enabled("devices: " + PROBE.deviceCount());
        }
        if (CI) {
            throw new IllegalStateException(
                    "no CUDA device and no emulator: g++ is needed in CI (" + PROBE.reason() + ")");
        }
        return ConditionEvaluationResult.disabled(SKIPPED + " " + PROBE.reason());
    }

    private static CudaProbe probe() {
        CudaProbe probe = CudaProbe.probe();
        if (!probe.isAvailable() && !CI) {
            System.out.println(SKIPPED);
        }
        return probe;
    }
}
