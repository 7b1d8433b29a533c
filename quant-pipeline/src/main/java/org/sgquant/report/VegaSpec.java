package org.sgquant.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** Vega-Lite specifications kept as resources, {@code @NAME@} in them replaced and data sets added by name. */
final class VegaSpec {

    private VegaSpec() {}

    static JsonNode of(String id, Map<String, List<?>> data, Map<String, Object> words) {
        ObjectNode spec = Json.parse(id, PageResources.text(id + ".vl.json"), ObjectNode.class);
        fill(spec, words);
        dropEmptyLayers(spec, data);
        spec.set("datasets", Json.node(data));
        return spec;
    }

    /** Layers of no rows: Vega warns that their scales reach nowhere. */
    private static void dropEmptyLayers(ObjectNode spec, Map<String, List<?>> data) {
        Iterator<JsonNode> layers = spec.path("layer").elements();
        while (layers.hasNext()) {
            String name = layers.next().at("/data/name").asText();
            if (data.containsKey(name) && data.get(name).isEmpty()) {
                layers.remove();
            }
        }
    }

    private static void fill(JsonNode node, Map<String, Object> words) {
        switch (node) {
            case ObjectNode object -> object.properties().forEach(e -> e.setValue(filled(e.getValue(), words)));
            case ArrayNode array -> {
                for (int i = 0; i < array.size(); i++) {
                    array.set(i, filled(array.get(i), words));
                }
            }
            default -> {}
        }
    }

    private static JsonNode filled(JsonNode value, Map<String, Object> words) {
        fill(value, words);
        String text = value.isTextual() ? value.textValue() : "";
        if (!text.startsWith("@") || !text.endsWith("@")) {
            return value;
        }
        String name = text.substring(1, text.length() - 1);
        if (!words.containsKey(name)) {
            throw new IllegalStateException("the specification asks for '" + name + "', there are " + words.keySet());
        }
        return Json.node(words.get(name));
    }
}
