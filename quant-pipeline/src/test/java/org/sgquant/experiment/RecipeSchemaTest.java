package org.sgquant.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.github.victools.jsonschema.generator.CustomDefinition;
import com.github.victools.jsonschema.generator.FieldScope;
import com.github.victools.jsonschema.generator.Option;
import com.github.victools.jsonschema.generator.OptionPreset;
import com.github.victools.jsonschema.generator.SchemaGenerationContext;
import com.github.victools.jsonschema.generator.SchemaGenerator;
import com.github.victools.jsonschema.generator.SchemaGeneratorConfigBuilder;
import com.github.victools.jsonschema.generator.SchemaVersion;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sgquant.data.NodeTags;
import org.sgquant.quant.FeaturesForm;
import org.sgquant.quant.FreezingOrder;
import org.sgquant.report.Json;
import org.sgquant.search.Objective;
import org.sgquant.tensor.BitWidth;
import org.sgquant.tensor.Granularity;
import org.sgquant.tensor.Rounding;

/** The published schema is that of the records, and presets keep to it; with {@code -Dsgquant.schema.write=true} it is written anew. */
final class RecipeSchemaTest {

    private static final Path FILE = Path.of("docs", "recipe.schema.json");

    /** Keys that are texts of a few, by record and key. */
    private static final Map<String, List<String>> CHOICES = Map.of(
            "Loss.labels", List.of("plain", "forward", "backward"),
            "Quantization.featuresGranularity", names(Granularity.values()),
            "Quantization.innerGranularity",
                    names(Granularity.values()).stream()
                            .filter(g -> !g.equals("row"))
                            .toList(),
            "Quantization.rounding", names(Rounding.values()),
            "Weights.powers", names(FreezingOrder.values()),
            "Storage.featuresForm", names(FeaturesForm.values()),
            "Graphs.nodeTags", names(NodeTags.values()),
            "Search.objective", names(Objective.values()),
            "Search.strategy", names(Strategies.values()));

    /** The least of keys that are whole numbers, by record and key. */
    private static final Map<String, Integer> LEAST = Map.of(
            "Training.epochs", 0,
            "Training.patience", 1,
            "Graphs.batch", 1,
            "Search.trials", 1,
            "Search.trialEpochs", 0,
            "Search.trialSeeds", 1);

    private static List<String> names(Enum<?>[] values) {
        return Arrays.stream(values)
                .map(v -> v.toString().toLowerCase(java.util.Locale.ROOT))
                .toList();
    }

    private static String text() {
        SchemaGeneratorConfigBuilder builder =
                new SchemaGeneratorConfigBuilder(SchemaVersion.DRAFT_2020_12, OptionPreset.PLAIN_JSON);
        builder.with(Option.FORBIDDEN_ADDITIONAL_PROPERTIES_BY_DEFAULT, Option.INLINE_ALL_SCHEMAS);
        builder.forFields().withNullableCheck(f -> !f.getType().getErasedType().isPrimitive());
        builder.forFields().withEnumResolver(RecipeSchemaTest::choices);
        builder.forFields().withNumberInclusiveMinimumResolver(RecipeSchemaTest::least);
        builder.forTypesInGeneral()
                .withCustomDefinitionProvider((type, context) ->
                        type.getErasedType() == ModelSettings.class ? new CustomDefinition(model(context)) : null);
        builder.forTypesInGeneral()
                .withCustomDefinitionProvider((type, context) ->
                        type.getErasedType() == BitWidth.class ? new CustomDefinition(width(context)) : null);
        builder.forFields()
                .withCustomDefinitionProvider((field, context) ->
                        field.getName().equals("bits")
                                ? new com.github.victools.jsonschema.generator.CustomPropertyDefinition(
                                        context.getGeneratorConfig()
                                                .createObjectNode()
                                                .set(
                                                        "type",
                                                        context.getGeneratorConfig()
                                                                .createArrayNode()
                                                                .add("string")
                                                                .add("integer")))
                                : null);
        ObjectNode schema = new SchemaGenerator(builder.build()).generateSchema(Recipe.class);
        schema.put("title", "A recipe of sgquant: any of its sections, any of their keys");
        return Json.write(schema) + "\n";
    }

    private static List<String> choices(FieldScope field) {
        String record = field.getDeclaringType().getErasedType().getSimpleName();
        return CHOICES.get(record + "." + field.getName());
    }

    private static BigDecimal least(FieldScope field) {
        String record = field.getDeclaringType().getErasedType().getSimpleName();
        Integer least = LEAST.get(record + "." + field.getName());
        return least == null ? null : BigDecimal.valueOf(least);
    }

    /** The number of an integer, the name of a float. */
    private static ObjectNode width(SchemaGenerationContext context) {
        ObjectNode width = context.getGeneratorConfig().createObjectNode();
        width.withArray("type").add("integer").add("string");
        Arrays.stream(BitWidth.values()).forEach(w -> width.withArray("enum").add(Json.node(w)));
        return width;
    }

    /** Settings of all models by name; which model has which is checked with the model at hand. */
    private static ObjectNode model(SchemaGenerationContext context) {
        ObjectNode properties = context.getGeneratorConfig().createObjectNode();
        ObjectNode name = properties.putObject("name").put("type", "string");
        Models.names().forEach(name.withArray("enum")::add);
        Map<String, RecordComponent> settings = new TreeMap<>();
        Models.names().stream()
                .flatMap(m -> Arrays.stream(Models.defaults(m).getClass().getRecordComponents()))
                .forEach(c -> settings.put(c.getName(), c));
        settings.forEach((key, component) -> {
            ObjectNode property = properties.putObject(key);
            if (component.getType().isEnum()) {
                property.put("type", "string");
                Arrays.stream(component.getType().getEnumConstants())
                        .forEach(c -> property.withArray("enum").add(c.toString()));
            } else {
                property.put(
                        "type",
                        component.getType() == int.class
                                ? "integer"
                                : component.getType() == boolean.class ? "boolean" : "number");
                if (component.getType() == int.class) {
                    property.put("minimum", 1);
                }
            }
        });
        ObjectNode model = context.getGeneratorConfig().createObjectNode().put("type", "object");
        model.set("properties", properties);
        return model.put("additionalProperties", false);
    }

    @Test
    void thePublishedSchemaIsThatOfTheRecords() throws IOException {
        if (Boolean.getBoolean("sgquant.schema.write")) {
            Files.writeString(FILE, text());
        }
        assertThat(Files.readString(FILE))
                .as("%s: write it anew with -Dsgquant.schema.write=true", FILE)
                .isEqualTo(text());
        assertThat(RecipeSchema.text()).as("the schema on the class path").isEqualTo(text());
    }

    private static JsonSchema schema() {
        return JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012).getSchema(RecipeSchema.text());
    }

    private static JsonNode yaml(String text) throws IOException {
        return new YAMLMapper().readTree(text);
    }

    static Stream<String> presets() {
        return PartialRecipe.presets().stream().map(PartialRecipe.Preset::name);
    }

    @ParameterizedTest
    @MethodSource("presets")
    void presetsKeepToTheSchemaAndMakeRecipes(String name) throws IOException {
        assertThat(schema().validate(yaml(PartialRecipe.text(name)))).isEmpty();
        PartialRecipe preset = PartialRecipe.open(name);
        Recipe merged = preset.over(SmallModels.defaults());
        merged.check();
        assertThat(schema().validate(yaml(Json.writeYaml(merged)))).isEmpty();
        assertThat(preset.bits() == null).isEqualTo(preset.search() != null);
        assertThat(PartialRecipe.presets())
                .allSatisfy(p ->
                        assertThat(p.description()).as(p.name()).isNotBlank().endsWith("."));
    }

    /** What our check refuses, the library does too. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "quantisation: {}",
                "quantization: {innerGranularty: row}",
                "quantization: {clipMask: maybe}",
                "quantization: {rounding: up}",
                "quantization: 4",
                "train: {epochs: many}",
                "train: {epochs: 1.5}",
                "search: {innerBits: [1, two]}",
                "search: {innerBits: [9]}",
                "search: {innerBits: 4}",
                "model: {hidden: {}}",
                "search: {trials: -3}",
                "train: {epochs: -1}",
                "fineTune: {patience: 0}",
                "model: {layers: 0}",
                "bits: [4]",
                "seed: zero"
            })
    void theCheckAgreesWithALibrary(String text) throws IOException {
        assertThat(schema().validate(yaml(text))).isNotEmpty();
        assertThat(org.assertj.core.api.Assertions.catchThrowable(() -> PartialRecipe.parse("r.yaml", text)))
                .isInstanceOf(org.sgquant.data.FormatException.class)
                .hasMessageStartingWith("r.yaml: line 1");
    }
}
