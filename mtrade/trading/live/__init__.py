"""What the streams say, folded into views, and the hub that shows them to browsers."""
