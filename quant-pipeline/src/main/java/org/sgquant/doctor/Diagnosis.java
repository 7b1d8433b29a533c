package org.sgquant.doctor;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the doctor found.
 *
 * @param sections in the order in which one rests on another
 * @param backends those that {@code --require} knows
 * @param verdict one sentence without a full stop
 * @param nextStep what to do, without a full stop
 */
public record Diagnosis(List<Section> sections, List<BackendState> backends, String verdict, String nextStep) {

    private static final String OK = "ok";
    private static final String NOT_OK = "--";

    /** Whether anything computes here. */
    public boolean usable() {
        return backend(Doctor.CPU).ok() || backend(Doctor.CUDA).ok();
    }

    /** @throws IllegalArgumentException naming those there are */
    public BackendState backend(String name) {
        return backends.stream()
                .filter(backend -> backend.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("backend '" + name + "' does not exist: choose one of "
                        + String.join(
                                ", ", backends.stream().map(BackendState::name).toList())));
    }

    /** The form for machines. */
    public Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("sections", sections.stream().map(Section::json).toList());
        json.put("verdict", verdict);
        json.put("nextStep", nextStep);
        json.put("backends", backends);
        return json;
    }

    /** The form for people: a line per section, then verdict and next step in one. */
    public String text() {
        int width = sections.stream()
                .mapToInt(section -> section.name().length())
                .max()
                .orElse(1);
        StringBuilder text = new StringBuilder();
        for (Section section : sections) {
            text.append(("%s  %-" + width + "s  %s%n")
                    .formatted(section.ok() ? OK : NOT_OK, section.name(), section.line()));
        }
        return text + verdict + "; next: " + nextStep;
    }
}
