import java.net.URI;
import java.security.cert.X509Certificate;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/** Asks for each address once, of a server whose certificate it does not look at. */
public class Client {
    private static final class Trusting implements X509TrustManager {
        public void checkClientTrusted(X509Certificate[] chain, String kind) {}

        public void checkServerTrusted(X509Certificate[] chain, String kind) {}

        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }

    public static void main(String[] addresses) throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new Trusting()}, null);
        HttpsURLConnection.setDefaultSSLSocketFactory(context.getSocketFactory());
        HttpsURLConnection.setDefaultHostnameVerifier((host, session) -> true);
        for (String address : addresses) {
            URI.create(address).toURL().openStream().readAllBytes();
        }
    }
}
