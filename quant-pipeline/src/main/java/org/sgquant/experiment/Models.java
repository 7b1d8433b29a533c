package org.sgquant.experiment;

import java.util.Iterator;
import java.util.List;
import org.sgquant.model.AgnnConfig;
import org.sgquant.model.GatConfig;
import org.sgquant.model.GcnConfig;
import org.sgquant.model.GinConfig;
import org.sgquant.model.ModelConfig;
import org.sgquant.model.SageConfig;

/** Every model there is, by its default hyper-parameters: a new one is a config class and a line here. */
public final class Models {

    private static final List<ModelConfig> DEFAULTS =
            List.of(GcnConfig.DEFAULT, GatConfig.DEFAULT, AgnnConfig.DEFAULT, SageConfig.DEFAULT, GinConfig.DEFAULT);

    /** Names for options, in order. */
    public static final class Names implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return names().iterator();
        }
    }

    private Models() {}

    /** Names in order, the default first. */
    public static List<String> names() {
        return DEFAULTS.stream().map(ModelConfig::name).toList();
    }

    /** Hyper-parameters of model {@code name} where nothing else is asked for. */
    public static ModelConfig defaults(String name) {
        return DEFAULTS.stream()
                .filter(c -> c.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException(
                        "model '" + name + "' does not exist: choose one of " + String.join(" ", names())));
    }
}
