// The current CometD server over Jetty 12: long-polling, WebSocket, ack and timesync at /cometd.
package lab;

import java.net.InetAddress;
import java.util.Map;
import org.cometd.bayeux.server.BayeuxServer;
import org.cometd.server.BayeuxServerImpl;
import org.cometd.server.ext.AcknowledgedMessagesExtension;
import org.cometd.server.ext.TimesyncExtension;
import org.cometd.server.http.JSONHttpTransport;
import org.cometd.server.http.jakarta.CometDServlet;
import org.cometd.server.websocket.jetty.JettyWebSocketTransport;
import org.eclipse.jetty.ee11.servlet.ServletContextHandler;
import org.eclipse.jetty.ee11.servlet.ServletHolder;
import org.eclipse.jetty.server.Context;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.websocket.server.WebSocketUpgradeHandler;

public final class CurrentServer {
    public static void main(String[] words) throws Exception {
        Options options = new Options(words);
        Options.endWithParent();

        Server server = new Server();
        ServerConnector connector = new ServerConnector(server, 1, 1);
        connector.setHost(InetAddress.getLoopbackAddress().getHostAddress());
        connector.setPort(options.number("port", 0));
        connector.setAcceptQueueSize(1024);
        server.addConnector(connector);

        ServletContextHandler context = new ServletContextHandler("/");
        context.insertHandler(WebSocketUpgradeHandler.from(server, context));
        CometDServlet servlet = new CometDServlet() {
            @Override
            protected BayeuxServer newBayeuxServer() {
                BayeuxServerImpl bayeux = new BayeuxServerImpl();
                // Where the WebSocket transport looks for Jetty's WebSocket container.
                bayeux.setOption(Context.class.getName(), context.getContext());
                return bayeux;
            }
        };
        ServletHolder holder = new ServletHolder(servlet);
        holder.setInitParameters(Map.of(
            "timeout", options.text("timeout", "30000"),
            "interval", options.text("interval", "0"),
            "maxInterval", options.text("maxInterval", "10000"),
            "maxMessageSize", options.text("maxMessageSize", "8388608"),
            "ws.cometdURLMapping", "/cometd/*",
            "transports", JettyWebSocketTransport.class.getName() + "," + JSONHttpTransport.class.getName(),
            "sweepPeriod", "200"));
        holder.setInitOrder(1);
        holder.setAsyncSupported(true);
        context.addServlet(holder, "/cometd/*");
        server.setHandler(context);
        server.start();

        BayeuxServer bayeux = servlet.getBayeuxServer();
        if (options.flag("ack", true)) {
            bayeux.addExtension(new AcknowledgedMessagesExtension());
        }
        bayeux.addExtension(new TimesyncExtension());
        new Lab(bayeux, options.text("book", "")).announce(connector.getLocalPort());
    }
}
