from posts_service.cli import main

main()
