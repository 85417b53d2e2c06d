// CometD's Java client visits the simulator: the same story as in visit.mjs.
package lab;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.cometd.bayeux.Channel;
import org.cometd.bayeux.Message;
import org.cometd.common.JettyJSONContextClient;
import lab.Sessions.Session;

public final class Visit {
    private static final JettyJSONContextClient JSON = new JettyJSONContextClient();

    public static void main(String[] words) throws Exception {
        Options options = new Options(words);
        BufferedReader told = new BufferedReader(new InputStreamReader(System.in));
        String login = options.text("user", "") + ":" + options.text("password", "");
        String authorization = "Basic " + Base64.getEncoder().encodeToString(login.getBytes(StandardCharsets.UTF_8));
        Session session = new Sessions().open(
            options.text("url", ""), options.text("transport", ""), options.flag("ack", true), authorization, Visit::see);
        session.subscribe("/v2/me/*", data -> say("DELIVERY", data));
        told.readLine();
        session.close();
        System.out.println("CLOSED");
        told.readLine();
        Runtime.getRuntime().halt(0);
    }

    private static void see(Message message) {
        if (message.getChannel().equals(Channel.META_HANDSHAKE) && message.isSuccessful()) {
            Object ack = message.getExt() == null ? null : message.getExt().get("ack");
            say("HANDSHAKEN", java.util.Collections.singletonMap("ack", ack));
        } else if (message.getChannel().equals(Channel.META_SUBSCRIBE) && message.isSuccessful()) {
            say("SUBSCRIBED", java.util.Collections.singletonMap("subscription", message.get(Message.SUBSCRIPTION_FIELD)));
        } else if (!message.isSuccessful()) {
            say("LOST", java.util.Collections.singletonMap("error", message.get(Message.ERROR_FIELD)));
        }
    }

    private static void say(String word, Object value) {
        System.out.println(word + " " + JSON.getGenerator().generate(value));
    }
}
