package org.sgquant.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import java.util.stream.Stream;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/** A headless Chromium that keeps what its console says and what it requests. */
final class Browser implements AutoCloseable {

    private static final ObjectMapper JSON = new ObjectMapper();

    private final ChromeDriver driver;

    private Browser(ChromeDriver driver) {
        this.driver = driver;
    }

    /** Starts the Chromium of this machine, its profile in {@code profile}; skips the test where there is none. */
    static Browser open(Path profile) {
        File chromium = find("chromium");
        File chromedriver = find("chromedriver");
        if (chromium == null || chromedriver == null) {
            String missing = "chromium and chromedriver are needed on the PATH (Debian: apt-get install chromium"
                    + " chromium-driver) to look at report pages";
            assertThat(System.getenv("CI")).as(missing).isNotEqualTo("true");
            abort(missing);
        }
        LoggingPreferences logs = new LoggingPreferences();
        logs.enable(LogType.BROWSER, Level.ALL);
        logs.enable(LogType.PERFORMANCE, Level.ALL);
        ChromeOptions options = new ChromeOptions();
        options.setBinary(chromium);
        options.addArguments(
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--user-data-dir=" + profile);
        options.setCapability("goog:loggingPrefs", logs);
        // The driver is named, so that Selenium looks for none to download.
        ChromeDriverService service = new ChromeDriverService.Builder()
                .usingDriverExecutable(chromedriver)
                .usingAnyFreePort()
                .withTimeout(Duration.ofMinutes(1))
                .build();
        ChromeDriver driver = new ChromeDriver(service, options);
        driver.manage().timeouts().scriptTimeout(Duration.ofSeconds(20));
        return new Browser(driver);
    }

    private static File find(String program) {
        return Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .map(folder -> new File(folder, program))
                .filter(File::canExecute)
                .findFirst()
                .orElse(null);
    }

    /** Width of the window in CSS pixels, as a phone has it or a desktop. */
    void resize(int width, int height) {
        driver.executeCdpCommand(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", width < 500));
    }

    /** Emulates a media type, {@code screen} or {@code print}, and a colour scheme. */
    void emulate(String media, String scheme) {
        driver.executeCdpCommand(
                "Emulation.setEmulatedMedia",
                Map.of("media", media, "features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
    }

    void load(Path page) {
        driver.get(page.toUri().toString());
    }

    /** Waits until every place for a figure holds one or says why not. */
    void awaitFigures() {
        driver.executeAsyncScript("""
                const done = arguments[0];
                const look = () => [...document.querySelectorAll('.chart')].every(c => c.dataset.drawn || c.textContent)
                    ? requestAnimationFrame(() => done()) : setTimeout(look, 20);
                look();""");
    }

    /** The value of a JavaScript expression. */
    Object value(String expression) {
        return driver.executeScript("return " + expression);
    }

    int count(String selector) {
        return ((Number) value("document.querySelectorAll('" + selector + "').length")).intValue();
    }

    /** What the console said since the last call. */
    List<String> console() {
        return driver.manage().logs().get(LogType.BROWSER).getAll().stream()
                .map(LogEntry::getMessage)
                .toList();
    }

    /** Addresses requested since the last call, but for what the browser's own pages ask of the browser. */
    List<String> requests() {
        List<String> urls = new ArrayList<>();
        for (LogEntry entry : driver.manage().logs().get(LogType.PERFORMANCE).getAll()) {
            JsonNode message = read(entry.getMessage()).path("message");
            boolean request = message.path("method").asText().equals("Network.requestWillBeSent");
            if (request && !message.at("/params/documentURL").asText().startsWith("chrome://")) {
                urls.add(message.at("/params/request/url").asText());
            }
        }
        return urls;
    }

    private static JsonNode read(String text) {
        try {
            return JSON.readTree(text);
        } catch (IOException e) {
            throw new UncheckedIOException("the performance log is not JSON", e);
        }
    }

    /** A picture of the whole page as PNG. */
    void screenshot(Path file) throws IOException {
        Map<String, Object> result = driver.executeCdpCommand(
                "Page.captureScreenshot", Map.of("format", "png", "captureBeyondViewport", true));
        Files.write(file, java.util.Base64.getDecoder().decode((String) result.get("data")));
    }

    @Override
    public void close() {
        driver.quit();
    }
}
