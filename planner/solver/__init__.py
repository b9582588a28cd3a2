"""Choice: the newest safe baseline by meets over profiles, certified edge by edge."""
