import { Page } from '../components/page';
import { Empty } from '../components/states';
import { href } from '../lib/router';

export function NotFoundPage() {
  return (
    <Page title="No such page">
      <Empty title="There is nothing at this address">
        <a href={href('overview')}>Go to the overview</a>
      </Empty>
    </Page>
  );
}
