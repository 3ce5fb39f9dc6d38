// What a person has written, or the history of one of their posts.

import { History } from "./history.js";
import { MyPosts } from "./my_posts.js";
import { showToPerson } from "./person_app.js";

const isOfOnePost = new URLSearchParams(location.search).has("history");

if (isOfOnePost) showToPerson(History, "see the history of this post");
else showToPerson(MyPosts, "see your posts");
