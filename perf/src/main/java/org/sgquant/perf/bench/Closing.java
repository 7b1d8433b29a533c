package org.sgquant.perf.bench;

import java.util.List;

/** Closes what was opened, last first. */
final class Closing {

    private Closing() {}

    static void all(List<? extends AutoCloseable> opened) {
        for (AutoCloseable each : opened.reversed()) {
            try {
                each.close();
            } catch (RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new IllegalStateException(each + " cannot be closed", e);
            }
        }
    }
}
