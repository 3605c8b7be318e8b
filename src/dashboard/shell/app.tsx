import { useEffect } from 'preact/hooks';
import { Route, Router, Switch } from 'wouter-preact';
import { useHashLocation } from 'wouter-preact/use-hash-location';
import { liveEvents } from '../api/live-events.ts';
import { watchStats } from '../api/live-stats.ts';
import { Announcements } from '../components/announcements.tsx';
import { AnalyticsPage } from '../pages/analytics/analytics-page.tsx';
import { FilePage } from '../pages/file/file-page.tsx';
import { OverviewPage } from '../pages/overview/overview-page.tsx';
import { ProblemsPage } from '../pages/problems/problems-page.tsx';
import { DropOverlay } from '../uploads/drop-overlay.tsx';
import { followUploads } from '../uploads/follow-uploads.ts';
import { ConnectionBanner } from './connection-banner.tsx';
import { Header } from './header.tsx';
import { watchHealth } from './health.ts';
import { KeyDialog } from './key-dialog.tsx';
import { NotFoundPage } from './not-found-page.tsx';

/** The page around the pages. Addresses stand behind the `#`, so that the server has to know one only. */
export function App() {
  useEffect(() => {
    const ends = [watchStats(), followUploads(), watchHealth()];
    liveEvents.start();
    return () => {
      for (const end of ends) end();
    };
  }, []);
  return (
    <Router hook={useHashLocation}>
      <Header />
      <ConnectionBanner />
      <main id="main" tabIndex={-1}>
        <Switch>
          <Route path="/" component={OverviewPage} />
          <Route path="/files/:id">{({ id }) => <FileRoute id={id} />}</Route>
          <Route path="/analytics" component={AnalyticsPage} />
          <Route path="/problems" component={ProblemsPage} />
          <Route component={NotFoundPage} />
        </Switch>
      </main>
      <DropOverlay />
      <KeyDialog />
      <Announcements />
    </Router>
  );
}

function FileRoute({ id }: { readonly id: string }) {
  const fileId = Number(id);
  // Another file is another page: nothing of the one before may be seen on it.
  return Number.isSafeInteger(fileId) && fileId > 0 ? <FilePage key={fileId} fileId={fileId} /> : <NotFoundPage />;
}
