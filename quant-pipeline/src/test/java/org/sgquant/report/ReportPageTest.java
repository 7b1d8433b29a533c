package org.sgquant.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page in a browser: every figure is drawn, nothing is asked of the network, it fits a phone. */
final class ReportPageTest {

    @TempDir
    private static Path folder;

    private static Browser browser;

    @BeforeAll
    static void open() {
        browser = Browser.open(folder.resolve("profile"));
    }

    @AfterAll
    static void close() {
        if (browser != null) {
            browser.close();
        }
    }

    private static void show(ReportData data) throws IOException {
        Path page = folder.resolve("report.html");
        ReportPage.write(page, data, "test");
        browser.emulate("screen", "light");
        browser.resize(1280, 900);
        browser.console();
        browser.requests();
        browser.load(page);
        browser.awaitFigures();
    }

    private static void assertSilentAndAlone() {
        assertThat(browser.console()).isEmpty();
        assertThat(browser.requests()).isNotEmpty().allMatch(url -> url.startsWith("file:") || url.startsWith("data:"));
    }

    @Test
    void everyFigureIsDrawnFromItsData() throws IOException {
        show(SampleReport.full("cora, gcn"));
        assertThat(browser.count(".chart")).isEqualTo(7);
        assertThat(browser.count(".chart svg.marks")).isEqualTo(7);
        assertThat(browser.count("#chart-pareto g.trials_marks > path")).isEqualTo(2 * SampleReport.TRIALS);
        assertThat(browser.count("#chart-pareto g.chosen_marks > path")).isEqualTo(1);
        assertThat(legend("#chart-pareto")).contains("within the bounds", "beyond the bounds", "chosen");
        assertThat(browser.count("#chart-pareto g.limit_marks > line")).isEqualTo(1);
        assertThat(browser.count("#chart-bits g.cells_marks > path")).isEqualTo(5);
        assertThat(browser.count("#chart-bits g.numbers_marks > text")).isEqualTo(5);
        assertThat(browser.count("#chart-sensitivity g.mark-rect.role-mark > path"))
                .isEqualTo(3);
        // Degrees 1, 2, 3, 5, 8 to 9, 40 to 47; two borders.
        assertThat(browser.count("#chart-degrees g.bins_marks > path")).isEqualTo(6);
        assertThat(browser.count("#chart-degrees g.borders_marks > line")).isEqualTo(2);
        assertThat(browser.count("#chart-ranges g.ranges_marks > path")).isEqualTo(2);
        assertThat(browser.count("#chart-history-trial g.mark-line path")).isEqualTo(2);
        assertThat(browser.count("#chart-history-time g.mark-line path")).isEqualTo(2);
        assertThat(browser.count("#pareto details tbody tr")).isEqualTo(2 * SampleReport.TRIALS);
        assertThat(browser.count("details.data")).isEqualTo(6);
        assertThat(browser.value("document.querySelector('#headline').innerText")
                        .toString())
                .contains("81.59 ± 0.63 %", "+0.75 points", "15.0 MiB", "30.6× smaller", "not measured", "1.90 ms");
        assertSilentAndAlone();
    }

    private static String legend(String chart) {
        return browser.value("[...document.querySelectorAll('" + chart
                        + " g.role-legend-label text')].map(t => t.textContent).join('; ')")
                .toString();
    }

    /** Vega speaks of scales that reach nowhere, which is what a layer without rows has. */
    @Test
    void partsWithoutRowsAreSilent() throws IOException {
        show(SampleReport.bare());
        assertThat(browser.count(".chart svg.marks")).isEqualTo(5);
        assertThat(browser.count("#chart-degrees g.borders_marks")).isZero();
        assertThat(browser.count("#chart-pareto g.chosen_marks, #chart-pareto g.limit_marks"))
                .isZero();
        assertThat(legend("#chart-pareto")).contains("within the bounds").doesNotContain("chosen");
        assertThat(browser.value("document.querySelector('#pareto figcaption').textContent")
                        .toString())
                .contains("of none of these trials")
                .doesNotContain("diamond")
                .doesNotContain("dashed");
        assertSilentAndAlone();
    }

    /** A clock that begins before the first trial shows what went by. */
    @Test
    void theClockBeginsAtNothingAndSaysSinceWhen() throws IOException {
        show(SampleReport.full("cora, gcn"));
        for (String chart : List.of("#chart-history-time", "#chart-history-trial")) {
            assertThat(browser.value("document.querySelector('" + chart + " g.role-axis-label text').textContent"))
                    .isEqualTo("0");
        }
        assertThat(browser.value(
                                "[...document.querySelectorAll('#chart-history-time g.role-axis-title')].map(t => t.textContent).join()")
                        .toString())
                .contains("seconds since it began");
        assertSilentAndAlone();
    }

    @Test
    void labelsAreReadAsTheyAre() throws IOException {
        show(SampleReport.full("cora, gcn"));
        assertThat(legend("#chart-degrees")).isEqualTo("≤ 2; 3–5; > 5");
        assertThat(browser.value("document.querySelector('#degrees figcaption').textContent")
                        .toString())
                .contains("L1.message=4 (degree ≤ 2), L1.message=2 (degree 3–5), L1.message=2 (degree > 5)");
        assertThat(browser.value("[...document.querySelectorAll('g.role-axis-label text')].map(t => t.textContent)"
                        + ".filter(t => /[0-9]e[+-]?[0-9]/.test(t))"))
                .isEqualTo(List.of());
        browser.resize(390, 780);
        browser.load(folder.resolve("report.html"));
        browser.awaitFigures();
        assertThat(
                        browser.value(
                                "[...document.querySelectorAll('.chart svg.marks')].flatMap(s => [...s.querySelectorAll('text')]"
                                        + ".filter(t => t.getBoundingClientRect().right > s.getBoundingClientRect().right + 1"
                                        + " || t.getBoundingClientRect().top < s.getBoundingClientRect().top - 1).map(t => t.textContent))"))
                .isEqualTo(List.of());
        assertThat(browser.value("[...document.querySelectorAll('#headline td.number')]"
                        + ".filter(t => t.getBoundingClientRect().height > 40).map(t => t.textContent)"))
                .isEqualTo(List.of());
    }

    /** Every drawn thing lies in its drawing, and no label on another one of its axis. */
    @Test
    void labelsOfAnAxisDoNotOverlap() throws IOException {
        show(SampleReport.full("cora, gcn"));
        for (int width : List.of(1280, 360)) {
            browser.resize(width, 900);
            browser.load(folder.resolve("report.html"));
            browser.awaitFigures();
            assertThat(browser.value("""
                    [...document.querySelectorAll('g.role-axis-label')].flatMap(axis => {
                      const boxes = [...axis.children].filter(t => t.style.opacity !== '0' && t.getAttribute('opacity') !== '0'
                          && t.textContent).map(t => [t.textContent, t.getBoundingClientRect()]);
                      return boxes.flatMap(([name, a], i) => boxes.slice(i + 1)
                        .filter(([, b]) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 3 && b.top < a.bottom - 3)
                        .map(([other]) => name + ' on ' + other));
                    })""")).isEqualTo(List.of());
        }
    }

    @Test
    void aPhoneScrollsTablesAndNeverThePage() throws IOException {
        show(SampleReport.full("a_title_of_a_single_word_that_is_longer_than_any_phone_is_wide_in_any_hand"));
        browser.resize(360, 780);
        browser.load(folder.resolve("report.html"));
        browser.awaitFigures();
        browser.value("document.querySelectorAll('details.data').forEach(d => d.open = true)");
        assertThat(browser.value("document.documentElement.scrollWidth")).isEqualTo(360L);
        assertThat(browser.value("document.querySelector('#headline .scroll').scrollWidth"
                        + " <= document.querySelector('#headline .scroll').clientWidth"))
                .isEqualTo(true);
        assertThat(browser.value("[...document.querySelectorAll('.chart svg.marks text')]"
                        + ".filter(t => t.getBoundingClientRect().right > 361).map(t => t.textContent)"))
                .isEqualTo(List.of());
        assertThat(
                        browser.value(
                                "document.querySelector('#pareto .scroll').scrollWidth > document.querySelector('#pareto .scroll').clientWidth"))
                .isEqualTo(true);
        assertThat(
                        browser.value(
                                "[...document.querySelectorAll('.chart svg.marks')].every(s => s.getBoundingClientRect().right <= 360)"))
                .isEqualTo(true);
        assertSilentAndAlone();
    }

    private static String colors() {
        return browser.value("getComputedStyle(document.body).backgroundColor + ' '"
                        + " + document.querySelector('#chart-pareto g.role-axis-title text').getAttribute('fill')")
                .toString();
    }

    @Test
    void coloursFollowTheSystemAndPrintIsLight() throws IOException {
        show(SampleReport.full("cora, gcn"));
        String light = colors();
        assertThat(light).startsWith("rgb(255, 255, 255)");
        redraw("screen", "dark");
        String dark = colors();
        assertThat(dark.split(" #")[0]).isNotEqualTo(light.split(" #")[0]);
        assertThat(dark.split(" #")[1]).isNotEqualTo(light.split(" #")[1]);
        assertThat(browser.value("getComputedStyle(document.querySelector('.vega-actions')).backgroundColor"))
                .isEqualTo("rgb(27, 33, 45)");
        redraw("print", "dark");
        assertThat(colors()).isEqualTo(light);
        assertSilentAndAlone();
    }

    private static void redraw(String media, String scheme) {
        browser.value(
                "document.querySelectorAll('.chart').forEach(c => { delete c.dataset.drawn; c.replaceChildren(); })");
        browser.emulate(media, scheme);
        browser.awaitFigures();
    }

    @Test
    void whatANameHoldsIsTextEverywhere() throws IOException {
        String evil = "</script><script>document.title='broken'</script><b id='bold'>&amp;{{style}}$1";
        show(SampleReport.full(evil));
        assertThat(browser.value("document.title")).isEqualTo(evil);
        assertThat(browser.value("document.querySelector('h1').textContent")).isEqualTo(evil);
        assertThat(browser.count("#bold")).isEqualTo(0);
        assertSilentAndAlone();
    }

    @Test
    void whatIsMissingIsSaidWhereItWouldStand() throws IOException {
        show(SampleReport.empty());
        assertThat(browser.count(".chart")).isEqualTo(0);
        assertThat(browser.count("p.empty")).isEqualTo(7);
        assertSilentAndAlone();
    }

    /** The tests above would see a page that speaks or asks. */
    @Test
    void aPageThatAsksTheNetworkWouldBeCaught() throws IOException {
        Path page = folder.resolve("asks.html");
        Files.writeString(
                page, "<!DOCTYPE html><img src='http://127.0.0.1:9/x.png'><script>console.warn('hm')</script>");
        browser.console();
        browser.requests();
        browser.load(page);
        assertThat(browser.console()).anyMatch(line -> line.contains("hm"));
        assertThat(browser.requests()).contains("http://127.0.0.1:9/x.png");
    }
}
