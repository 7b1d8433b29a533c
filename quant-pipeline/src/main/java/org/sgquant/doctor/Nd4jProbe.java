package org.sgquant.doctor;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.sgquant.kernels.DenseLibrary;
import org.sgquant.kernels.DeviceUnavailableException;

/** The dense library ND4J, which a build may bring along. */
final class Nd4jProbe {

    static final String NAME = DenseLibrary.ND4J;
    static final String ABSENT = "not built in: mvn -Pnd4j package brings it";

    private Nd4jProbe() {}

    static Section examine(List<DenseLibrary> libraries) {
        Optional<DenseLibrary> found = libraries.stream()
                .filter(library -> library.name().equals(NAME))
                .findFirst();
        if (found.isEmpty()) {
            return new Section(NAME, true, ABSENT, "", Map.of("present", false));
        }
        Map<String, Object> facts = Map.of("present", true);
        try {
            return BackendTrial.denseProductAgrees(found.get().open(1))
                    ? Section.ok(NAME, "serves --dense " + NAME, facts)
                    : Section.failed(NAME, "ND4J computes another product than the reference", facts);
        } catch (DeviceUnavailableException e) {
            return Section.failed(NAME, e.getMessage(), facts);
        }
    }
}
