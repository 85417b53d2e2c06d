// What the tests need inside a CometD server: an echo, bursts, a record of what arrived, and a control port.
// Uses only what is the same in CometD 5 and in the current release.
package lab;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;
import org.cometd.bayeux.Promise;
import org.cometd.bayeux.server.BayeuxServer;
import org.cometd.bayeux.server.ServerChannel;
import org.cometd.bayeux.server.ServerMessage;
import org.cometd.bayeux.server.ServerSession;
import org.cometd.server.AbstractService;

public final class Lab extends AbstractService {
    private final Map<String, List<Object>> seen = new TreeMap<>();
    private final ExecutorService workers = Executors.newCachedThreadPool(task -> {
        Thread thread = new Thread(task, "lab");
        thread.setDaemon(true);
        return thread;
    });

    private final Path book;

    /** What arrives is also written to `book`, a line each, and read from there by the next process: a kill loses nothing. */
    Lab(BayeuxServer bayeux, String book) throws IOException {
        super(bayeux, "lab");
        this.book = book.isEmpty() ? null : Path.of(book);
        if (this.book != null && Files.exists(this.book)) {
            for (String line : Files.readAllLines(this.book)) {
                int at = line.indexOf(' ');
                note(line.substring(at + 1), Long.parseLong(line.substring(0, at)));
            }
        }
        addService("/service/echo", "echo");
        addService("/service/burst", "burst");
        addService("/service/in", "record");
        addService("/in/**", "record");
    }

    public void echo(ServerSession remote, ServerMessage message) {
        remote.deliver(getServerSession(), message.getChannel(), message.getData(), Promise.noop());
    }

    public void burst(ServerSession remote, ServerMessage message) {
        Map<String, Object> data = message.getDataAsMap();
        String channel = (String) data.get("channel");
        int count = ((Number) data.get("count")).intValue();
        Number every = (Number) data.getOrDefault("everyMicros", 0);
        workers.execute(() -> publish(channel, 0, count, every.longValue()));
    }

    public void record(ServerSession remote, ServerMessage message) {
        Object number = message.getDataAsMap().get("n");
        synchronized (seen) {
            note(message.getChannel(), number);
            if (book != null) {
                String line = number + " " + message.getChannel() + "\n";
                try {
                    Files.writeString(book, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
                } catch (IOException failure) {
                    throw new UncheckedIOException(failure);
                }
            }
        }
    }

    private void note(String channel, Object number) {
        seen.computeIfAbsent(channel, name -> new ArrayList<>()).add(number);
    }

    /** Publishes {n, t} `count` times; t is the wall clock in microseconds, the same clock in every process of a machine. */
    private void publish(String name, int from, int count, long everyMicros) {
        getBayeux().createChannelIfAbsent(name);
        ServerChannel channel = getBayeux().getChannel(name);
        long start = System.nanoTime();
        for (int i = 0; i < count; i++) {
            long due = start + i * everyMicros * 1000;
            while (everyMicros > 0 && System.nanoTime() < due) {
                LockSupport.parkNanos(due - System.nanoTime());
            }
            Map<String, Object> data = new HashMap<>();
            data.put("n", from + i);
            java.time.Instant now = java.time.Instant.now();
            data.put("t", now.getEpochSecond() * 1_000_000 + now.getNano() / 1000);
            channel.publish(getServerSession(), data, Promise.noop());
        }
    }

    /** Opens the control port, says READY, and returns. */
    void announce(int port) throws IOException {
        HttpServer control = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        control.setExecutor(workers);
        control.createContext("/seen", exchange -> answer(exchange, seenAsJson()));
        control.createContext("/forget", exchange -> {
            synchronized (seen) {
                seen.clear();
            }
            answer(exchange, "true");
        });
        control.createContext("/sessions", exchange -> answer(exchange, Long.toString(remotes().size())));
        control.createContext("/kick", exchange -> {
            List<ServerSession> sessions = remotes();
            sessions.forEach(ServerSession::disconnect);
            answer(exchange, Integer.toString(sessions.size()));
        });
        control.createContext("/burst", exchange -> {
            Map<String, String> query = query(exchange);
            int from = Integer.parseInt(query.getOrDefault("from", "0"));
            int count = Integer.parseInt(query.get("count"));
            long every = Long.parseLong(query.getOrDefault("everyMicros", "0"));
            workers.execute(() -> publish(query.get("channel"), from, count, every));
            answer(exchange, "true");
        });
        control.start();
        System.out.println("READY {\"port\":" + port + ",\"control\":" + control.getAddress().getPort() + "}");
    }

    private List<ServerSession> remotes() {
        List<ServerSession> sessions = new ArrayList<>(getBayeux().getSessions());
        sessions.removeIf(ServerSession::isLocalSession);
        return sessions;
    }

    private String seenAsJson() {
        StringBuilder text = new StringBuilder("{");
        synchronized (seen) {
            seen.forEach((channel, numbers) ->
                text.append(text.length() > 1 ? "," : "").append('"').append(channel).append("\":").append(numbers));
        }
        return text.append('}').toString();
    }

    private static Map<String, String> query(HttpExchange exchange) {
        Map<String, String> query = new HashMap<>();
        for (String pair : exchange.getRequestURI().getQuery().split("&")) {
            int at = pair.indexOf('=');
            query.put(pair.substring(0, at), pair.substring(at + 1));
        }
        return query;
    }

    private static void answer(HttpExchange exchange, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(200, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }
}
