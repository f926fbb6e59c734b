// The connection to the house (RFC 7118): it comes back by itself, each time a little later, and at
// once when the machine says that it is on line again.

const FIRST_RETRY = 500;
const LONGEST_RETRY = 8000;

export function openSocket(url, { onOpen, onMessage, onClosed }) {
  let socket = null;
  let retry = FIRST_RETRY;
  let timer = null;
  let over = false;

  function open() {
    clearTimeout(timer);
    timer = null;
    socket = new WebSocket(url, "sip");
    socket.onopen = () => {
      retry = FIRST_RETRY;
      onOpen();
    };
    socket.onmessage = ({ data }) => onMessage(data);
    socket.onclose = lost;
  }

  function lost() {
    // One that hangs may say much later that it is closed: nobody listens any more.
    Object.assign(socket, { onopen: null, onmessage: null, onclose: null });
    socket.close();
    onClosed();
    if (over) return;
    timer = setTimeout(open, retry * (0.75 + Math.random() / 2));
    retry = Math.min(2 * retry, LONGEST_RETRY);
  }

  const online = () => timer !== null && open();
  addEventListener("online", online);
  open();
  return {
    send(text) {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    // Nobody answers by this one: another will have to do.
    renew() {
      if (timer === null) lost();
    },
    close() {
      if (over) return;
      over = true;
      removeEventListener("online", online);
      if (timer === null) lost();
      clearTimeout(timer);
    },
  };
}
