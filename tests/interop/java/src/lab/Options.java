// The command line of every program here: key=value words.
package lab;

import java.util.HashMap;
import java.util.Map;

final class Options {
    private final Map<String, String> values = new HashMap<>();

    Options(String[] words) {
        for (String word : words) {
            int at = word.indexOf('=');
            if (at < 1) {
                throw new IllegalArgumentException("expected key=value, found " + word);
            }
            values.put(word.substring(0, at), word.substring(at + 1));
        }
    }

    String text(String key, String fallback) {
        return values.getOrDefault(key, fallback);
    }

    int number(String key, int fallback) {
        return Integer.parseInt(text(key, Integer.toString(fallback)));
    }

    boolean flag(String key, boolean fallback) {
        return Boolean.parseBoolean(text(key, Boolean.toString(fallback)));
    }

    /** Ends this process when the one that started it is gone: nothing is left running behind a test. */
    static void endWithParent() {
        Thread watch = new Thread(() -> {
            try {
                while (System.in.read() >= 0) {
                    // what arrives does not matter, only that the pipe is open
                }
            } catch (java.io.IOException ignored) {
                // a broken pipe means the same
            }
            Runtime.getRuntime().halt(0);
        }, "parent-watch");
        watch.setDaemon(true);
        watch.start();
    }
}
