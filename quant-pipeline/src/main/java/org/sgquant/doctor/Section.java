package org.sgquant.doctor;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What one part of the machine is found to be.
 *
 * @param ok whether it does what sgquant asks of it; what is merely absent and not needed is ok
 * @param reason why it is not ok, or a remark; one sentence without a full stop, empty where all is said
 * @param summary the facts in one line for people, empty where there are none
 * @param facts the same for machines: text, numbers, booleans, and lists and maps of them
 */
public record Section(String name, boolean ok, String reason, String summary, Map<String, Object> facts) {

    public Section {
        reason = reason.replaceAll("\\s*\\R\\s*", " ").strip();
        facts = new LinkedHashMap<>(facts);
    }

    static Section ok(String name, String summary, Map<String, Object> facts) {
        return new Section(name, true, "", summary, facts);
    }

    static Section failed(String name, String reason, Map<String, Object> facts) {
        return new Section(name, false, reason, "", facts);
    }

    /** As a JSON object, the facts beside name, ok and reason. */
    Map<String, Object> json() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("name", name);
        json.put("ok", ok);
        json.put("reason", reason);
        json.putAll(facts);
        return json;
    }

    /** Facts and reason in one line. */
    String line() {
        return summary.isEmpty() || reason.isEmpty() ? summary + reason : summary + "; " + reason;
    }
}
