// CometD's Java client: opens sessions on one transport. The HTTP client and the WebSocket container are shared by all
// sessions of the process; cookies are each session's own.
package lab;

import jakarta.websocket.ContainerProvider;
import jakarta.websocket.WebSocketContainer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.cometd.bayeux.Channel;
import org.cometd.bayeux.Message;
import org.cometd.bayeux.client.ClientSession;
import org.cometd.bayeux.client.ClientSessionChannel;
import org.cometd.client.BayeuxClient;
import org.cometd.client.ext.AckExtension;
import org.cometd.client.http.jetty.JettyHttpClientTransport;
import org.cometd.client.transport.ClientTransport;
import org.cometd.client.websocket.jakarta.WebSocketTransport;
import org.eclipse.jetty.client.HttpClient;
import org.eclipse.jetty.client.Request;
import org.eclipse.jetty.http.HttpCookieStore;

final class Sessions {
    private static final long PATIENCE_MILLIS = 20_000;

    private final ScheduledExecutorService scheduler = Executors.newScheduledThreadPool(2, task -> {
        Thread thread = new Thread(task, "bayeux");
        thread.setDaemon(true);
        return thread;
    });
    private final HttpClient http = new HttpClient();
    private final WebSocketContainer sockets = ContainerProvider.getWebSocketContainer();

    Sessions() throws Exception {
        http.setMaxConnectionsPerDestination(4096);
        http.setHttpCookieStore(new HttpCookieStore.Empty());
        http.start();
    }

    /** Opens a connected session. `authorization` may be null; `see` gets every meta message. */
    Session open(String url, String transport, boolean ack, String authorization, Consumer<Message> see) {
        Map<String, Object> options = new HashMap<>();
        options.put(ClientTransport.MAX_MESSAGE_SIZE_OPTION, 8 * 1024 * 1024);
        ClientTransport carrier = transport.equals("websocket")
            ? new WebSocketTransport(options, scheduler, sockets) {
                @Override
                protected void onHandshakeRequest(Map<String, List<String>> headers) {
                    super.onHandshakeRequest(headers);
                    if (authorization != null) {
                        headers.put("Authorization", List.of(authorization));
                    }
                }
            }
            : new JettyHttpClientTransport(options, http) {
                @Override
                protected void customize(Request request) {
                    if (authorization != null) {
                        request.headers(headers -> headers.put("Authorization", authorization));
                    }
                }
            };
        BayeuxClient client = new BayeuxClient(url, scheduler, carrier);
        client.setBackOffStrategy(new BayeuxClient.BackOffStrategy.Linear(200, 5000));
        if (ack) {
            client.addExtension(new AckExtension());
        }
        for (String name : List.of(Channel.META_HANDSHAKE, Channel.META_CONNECT, Channel.META_SUBSCRIBE)) {
            client.getChannel(name).addListener((ClientSessionChannel.MessageListener) (channel, message) -> see.accept(message));
        }
        Session session = new Session(client);
        client.handshake();
        if (!client.waitFor(PATIENCE_MILLIS, BayeuxClient.State.CONNECTED)) {
            throw new IllegalStateException("not connected within " + PATIENCE_MILLIS + " ms");
        }
        return session;
    }

    /** One session, which subscribes again after a new handshake: the client leaves that to the application. */
    static final class Session {
        final BayeuxClient client;
        private final Map<String, Consumer<Map<String, Object>>> handlers = new ConcurrentHashMap<>();
        private boolean opened;

        Session(BayeuxClient client) {
            this.client = client;
            client.getChannel(Channel.META_HANDSHAKE).addListener((ClientSessionChannel.MessageListener) (channel, message) -> {
                if (message.isSuccessful()) {
                    if (opened) {
                        client.batch(() -> handlers.forEach((name, handle) -> subscribe(name, handle, reply -> { })));
                    }
                    opened = true;
                }
            });
        }

        /** Subscribes and waits for the server's word. */
        void subscribe(String name, Consumer<Map<String, Object>> handle) throws InterruptedException {
            handlers.put(name, handle);
            CountDownLatch replied = new CountDownLatch(1);
            Message[] answer = new Message[1];
            subscribe(name, handle, reply -> {
                answer[0] = reply;
                replied.countDown();
            });
            if (!replied.await(PATIENCE_MILLIS, TimeUnit.MILLISECONDS) || !answer[0].isSuccessful()) {
                throw new IllegalStateException("not subscribed to " + name + ": " + answer[0]);
            }
        }

        private void subscribe(String name, Consumer<Map<String, Object>> handle, ClientSession.MessageListener reply) {
            client.getChannel(name).subscribe((channel, message) -> handle.accept(message.getDataAsMap()), reply);
        }

        void publish(String name, Map<String, Object> data) {
            client.getChannel(name).publish(data);
        }

        void close() {
            client.disconnect(PATIENCE_MILLIS);
        }
    }
}
