import { layout, type LayoutRequest } from './layout';

/** Apart from the page, which stays usable while a large graph is placed. */
self.onmessage = ({ data }: MessageEvent<LayoutRequest>) => self.postMessage(layout(data));
