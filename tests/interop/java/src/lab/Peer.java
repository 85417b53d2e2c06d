// CometD's Java client in the benchmark: the same scenarios as in peer.mjs.
package lab;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import lab.Sessions.Session;

public final class Peer {
    private static final long PATIENCE_SECONDS = 120;

    private final Options options;
    private final Sessions sessions = new Sessions();
    private final BufferedReader told = new BufferedReader(new InputStreamReader(System.in));

    private Peer(Options options) throws Exception {
        this.options = options;
    }

    public static void main(String[] words) throws Exception {
        Peer peer = new Peer(new Options(words));
        System.out.println("BEGIN");
        peer.listen();
        System.out.println("RESULT " + peer.run());
        peer.listen();
        Runtime.getRuntime().halt(0);
    }

    private void listen() throws Exception {
        if (told.readLine() == null) {
            Runtime.getRuntime().halt(0);
        }
    }

    private String run() throws Exception {
        return switch (options.text("scenario", "")) {
            case "burst" -> burst();
            case "echo" -> echo();
            case "crowd" -> crowd();
            case "recovery" -> recovery();
            default -> throw new IllegalArgumentException("unknown scenario");
        };
    }

    private Session open() {
        return sessions.open(options.text("url", ""), options.text("transport", ""), options.flag("ack", true), null, message -> { });
    }

    private static long micros() {
        java.time.Instant now = java.time.Instant.now();
        return now.getEpochSecond() * 1_000_000 + now.getNano() / 1000;
    }

    private String burst() throws Exception {
        int count = options.number("count", 10000);
        Session session = open();
        AtomicInteger expected = new AtomicInteger();
        AtomicInteger disordered = new AtomicInteger();
        LinkedBlockingQueue<Boolean> finished = new LinkedBlockingQueue<>();
        session.subscribe("/burst", data -> {
            if (((Number) data.get("n")).intValue() != expected.getAndIncrement()) {
                disordered.incrementAndGet();
            }
            if (expected.get() == count) {
                finished.add(true);
            }
        });
        List<Double> seconds = new ArrayList<>();
        for (int run = 0; run < options.number("runs", 5); run++) {
            expected.set(0);
            long begun = System.nanoTime();
            session.publish("/service/burst", Map.of("channel", "/burst", "count", count));
            if (finished.poll(PATIENCE_SECONDS, TimeUnit.SECONDS) == null) {
                throw new IllegalStateException("only " + expected + " arrived");
            }
            seconds.add((System.nanoTime() - begun) / 1e9);
        }
        session.close();
        return "{\"seconds\":" + seconds + ",\"disordered\":" + disordered + "}";
    }

    private String echo() throws Exception {
        int warmup = options.number("warmup", 500);
        int count = options.number("count", 10000);
        Session session = open();
        LinkedBlockingQueue<Number> arrived = new LinkedBlockingQueue<>();
        session.subscribe("/service/echo", data -> arrived.add((Number) data.get("n")));
        long[] micros = new long[count];
        for (int n = 0; n < warmup + count; n++) {
            long begun = System.nanoTime();
            session.publish("/service/echo", Map.of("n", n));
            Number answer = arrived.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (answer == null || answer.intValue() != n) {
                throw new IllegalStateException("asked " + n + ", answered " + answer);
            }
            if (n >= warmup) {
                micros[n - warmup] = (System.nanoTime() - begun) / 1000;
            }
        }
        session.close();
        return "{" + summary(micros) + "}";
    }

    private String crowd() throws Exception {
        int count = options.number("count", 100);
        int total = options.number("sessions", 1000);
        long[] micros = new long[total * count];
        AtomicInteger deliveries = new AtomicInteger();
        AtomicInteger disordered = new AtomicInteger();
        CountDownLatch finished = new CountDownLatch(total * count);
        long begun = System.nanoTime();
        ExecutorService openers = Executors.newFixedThreadPool(options.number("together", 20));
        List<Future<Session>> opened = new ArrayList<>();
        for (int i = 0; i < total; i++) {
            opened.add(openers.submit(() -> {
                Session session = open();
                AtomicInteger expected = new AtomicInteger();
                session.subscribe("/crowd", data -> {
                    micros[deliveries.getAndIncrement()] = micros() - ((Number) data.get("t")).longValue();
                    if (((Number) data.get("n")).intValue() != expected.getAndIncrement()) {
                        disordered.incrementAndGet();
                    }
                    finished.countDown();
                });
                return session;
            }));
        }
        Session first = null;
        for (Future<Session> future : opened) {
            Session session = future.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            first = first == null ? session : first;
        }
        openers.shutdown();
        double setup = (System.nanoTime() - begun) / 1e9;
        first.publish("/service/burst",
            Map.of("channel", "/crowd", "count", count, "everyMicros", options.number("everyMicros", 20000)));
        if (!finished.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new IllegalStateException("only " + deliveries + " arrived");
        }
        return "{\"setupSeconds\":" + setup + ",\"deliveries\":" + deliveries + ",\"disordered\":" + disordered + ","
            + summary(micros) + "}";
    }

    private String recovery() throws Exception {
        CompletableFuture<Long> first = new CompletableFuture<>();
        boolean[] broken = new boolean[1];
        Session session = open();
        session.subscribe("/tick", data -> {
            synchronized (broken) {
                if (broken[0]) {
                    first.complete(micros());
                }
            }
        });
        System.out.println("SUBSCRIBED");
        listen();
        synchronized (broken) {
            broken[0] = true;
        }
        System.out.println("WAITING");
        return "{\"firstMicros\":" + first.get(PATIENCE_SECONDS, TimeUnit.SECONDS) + "}";
    }

    private static String summary(long[] micros) {
        Arrays.sort(micros);
        return "\"p50Micros\":" + share(micros, 0.5) + ",\"p99Micros\":" + share(micros, 0.99) + ",\"maxMicros\":"
            + micros[micros.length - 1];
    }

    private static long share(long[] sorted, double share) {
        return sorted[(int) Math.min(sorted.length - 1, sorted.length * share)];
    }
}
