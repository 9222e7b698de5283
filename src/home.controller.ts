import { Controller, Get, Redirect } from '@nestjs/common';

/** The address without a path leads to the dashboard. */
@Controller()
export class HomeController {
  @Get()
  @Redirect('/dashboard/')
  home(): void {}
}
