// A CometD 5 server over Jetty 9.4: long-polling, WebSocket, ack and timesync at /cometd.
package lab;

import java.net.InetAddress;
import java.util.Map;
import org.cometd.bayeux.server.BayeuxServer;
import org.cometd.server.CometDServlet;
import org.cometd.server.ext.AcknowledgedMessagesExtension;
import org.cometd.server.ext.TimesyncExtension;
import org.cometd.server.http.AsyncJSONTransport;
import org.cometd.server.websocket.jetty.JettyWebSocketTransport;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.servlet.ServletContextHandler;
import org.eclipse.jetty.servlet.ServletHolder;
import org.eclipse.jetty.websocket.server.NativeWebSocketServletContainerInitializer;
import org.eclipse.jetty.websocket.server.WebSocketUpgradeFilter;

public final class FiveServer {
    public static void main(String[] words) throws Exception {
        Options options = new Options(words);
        Options.endWithParent();

        Server server = new Server();
        ServerConnector connector = new ServerConnector(server, 1, 1);
        connector.setHost(InetAddress.getLoopbackAddress().getHostAddress());
        connector.setPort(options.number("port", 0));
        server.addConnector(connector);

        ServletContextHandler context = new ServletContextHandler(server, "/");
        NativeWebSocketServletContainerInitializer.configure(context, null);
        WebSocketUpgradeFilter.configure(context);
        ServletHolder holder = new ServletHolder(CometDServlet.class);
        holder.setInitParameters(Map.of(
            "timeout", options.text("timeout", "30000"),
            "interval", options.text("interval", "0"),
            "maxInterval", options.text("maxInterval", "10000"),
            "ws.cometdURLMapping", "/cometd/*",
            "transports", JettyWebSocketTransport.class.getName() + "," + AsyncJSONTransport.class.getName(),
            "sweepPeriod", "200"));
        holder.setInitOrder(1);
        holder.setAsyncSupported(true);
        context.addServlet(holder, "/cometd/*");
        server.start();

        BayeuxServer bayeux = ((CometDServlet) holder.getServlet()).getBayeux();
        if (options.flag("ack", true)) {
            bayeux.addExtension(new AcknowledgedMessagesExtension());
        }
        bayeux.addExtension(new TimesyncExtension());
        new Lab(bayeux, options.text("book", "")).announce(connector.getLocalPort());
    }
}
